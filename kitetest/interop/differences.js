// What the official client must make of a packet, given the row that this
// project writes for it.
'use strict';

const indices = 9;
const nco = 12;
const knownSegments = [1, 2, 3, 4, 5, 6, 7, 8, indices, nco];

// differences lists all that the client is known to read differently. Each
// entry turns the right tick into the client's tick, of those packets that it
// applies to. The packet's bytes are at hand only in the test of the decoder.
const differences = [
  {
    // Packets of 12 bytes, last price and close, are not in the documentation
    // of Kite, and the client skips them.
    name: 'ltpc',
    applies: (tick) => tick.mode === 'ltpc',
    drops: true,
  },
  {
    // Prices of NCO have four decimals. The client divides by 100, as for any
    // segment it does not know, so its prices are 100 times too high; the
    // other official clients were corrected in September 2026.
    name: 'NCO divisor',
    applies: (tick) => segmentOf(tick) === nco,
    apply: (tick) => eachPrice(tick, (price) => Math.round(price * 10_000) / 100),
  },
  {
    // The client builds numbers with <<, which is signed in JavaScript. That
    // is right for prices and wrong for all that is unsigned: from 2^31 on,
    // quantities turn negative and times fall before 1970.
    name: 'signed 32 bits',
    applies: (tick) => unsigned(tick).some(({ owner, key }) => int32(owner[key]) !== owner[key]),
    apply: (tick) => unsigned(tick).forEach(({ owner, key }) => { owner[key] = int32(owner[key]); }),
  },
  {
    // The change has the sign of the movement here. The client divides by the
    // close with its sign, so below zero a rise is a negative change.
    name: 'change from a negative close',
    applies: (tick) => tick.ohlc?.close < 0,
    apply: (tick) => { tick.change = -tick.change; },
  },
  {
    // Without a close there is no change. The client then leaves the packet's
    // own field in its place, whose unit is not percent.
    name: 'raw change without a close',
    applies: (tick) => isIndex(tick) && tick.ohlc.close === 0,
    apply: (tick, packet) => { tick.change = packet.readInt32BE(24); },
  },
  {
    // To the client all is tradable that is not in the segment of indices. Of
    // a segment that nobody knows, an index packet is the better evidence.
    name: 'index of an unknown segment',
    applies: (tick) => isIndex(tick) && !knownSegments.includes(segmentOf(tick)),
    apply: (tick) => { tick.tradable = true; },
  },
].map((d) => ({ ...d, count: 0 }));

// official returns the tick that the official client must make of the packet
// that row describes, or undefined if it must make none.
function official(row, packet) {
  const tick = structuredClone(row);
  for (const key of ['last_trade_time', 'exchange_timestamp']) {
    if (tick[key]) tick[key] = Date.parse(tick[key]) / 1000; // a number until all differences are in
  }
  const applied = differences.filter((d) => d.applies(tick));
  for (const d of applied) {
    d.count++;
    if (d.drops) return undefined;
    d.apply(tick, packet);
  }
  for (const key of ['last_trade_time', 'exchange_timestamp']) {
    if (tick[key]) tick[key] = new Date(tick[key] * 1000);
  }
  return tick;
}

function segmentOf(tick) { return tick.instrument_token & 0xff; }

function isIndex(tick) { return 'ohlc' in tick && !('volume_traded' in tick) && tick.mode !== 'ltpc'; }

function int32(n) { return n | 0; }

function levels(tick) { return tick.depth ? [...tick.depth.buy, ...tick.depth.sell] : []; }

// unsigned returns where the unsigned numbers of a tick are that it has.
function unsigned(tick) {
  const keys = ['instrument_token', 'last_traded_quantity', 'volume_traded', 'total_buy_quantity', 'total_sell_quantity',
    'oi', 'oi_day_high', 'oi_day_low', 'last_trade_time', 'exchange_timestamp'];
  return [
    ...keys.filter((key) => typeof tick[key] === 'number').map((key) => ({ owner: tick, key })),
    ...levels(tick).map((level) => ({ owner: level, key: 'quantity' })),
  ];
}

function eachPrice(tick, f) {
  const change = (owner, key) => { if (owner && key in owner) owner[key] = f(owner[key]); };
  change(tick, 'last_price');
  change(tick, 'average_traded_price');
  for (const key of ['open', 'high', 'low', 'close']) change(tick.ohlc, key);
  for (const level of levels(tick)) change(level, 'price');
}

module.exports = { differences, official };
