// A message for decoders: packets of every length, of known and unknown
// segments, whose numbers are random or extreme. The same seed makes the same
// bytes.
'use strict';

const lengths = [8, 12, 28, 32, 44, 184];
const unknownLengths = [0, 4, 9, 164]; // every decoder has to skip these
const segments = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 255];
const extremes = [0, 1, 100, 0x7fffffff, 0x80000000, 0xffffffff];

// message returns the bytes of a message of count packets, and those packets
// that have a known length.
function message(count, seed) {
  const random = generator(seed);
  const pick = (list) => list[random() % list.length];
  const packets = [];
  const parts = [uint16(count)];
  for (let n = 0; n < count; n++) {
    const known = random() % 16 > 0;
    const packet = Buffer.alloc(pick(known ? lengths : unknownLengths));
    for (let at = 0; at + 4 <= packet.length; at += 4) {
      packet.writeUInt32BE(random() % 2 ? pick(extremes) : random(), at);
    }
    if (packet.length >= 4) packet[3] = pick(segments); // the low byte of the token
    parts.push(uint16(packet.length), packet);
    if (known) packets.push(packet);
  }
  return { bytes: Buffer.concat(parts), packets };
}

function uint16(n) {
  const b = Buffer.alloc(2);
  b.writeUInt16BE(n);
  return b;
}

// generator returns a source of 32 random bits: mulberry32.
function generator(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let x = Math.imul(seed ^ (seed >>> 15), seed | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return (x ^ (x >>> 14)) >>> 0;
  };
}

module.exports = { message };
