// Interop lets the official JavaScript client of Kite Connect (npm package
// kiteconnect, pinned in package-lock.json) judge two halves of this project
// that come from one reading of the protocol, and so perhaps one misreading:
//
//   - the simulated exchange: the client connects to "kiteticker sim",
//     subscribes instruments of all segments, takes each through all modes, and
//     every field of every tick must be what the exchange logged as sent;
//   - the decoder: both read the same message of packets with extreme and
//     random numbers, and every field of every tick must be equal.
//
// Where the client is known to be wrong, differences.js says how and why, and
// what it should see then is still compared. A difference that no longer shows
// is a failure too: its entry has to go.
//
//	make interop                          # from the top of the repository
//	npm ci && node interop.js             # here
//
// It needs Node.js 18 and Go, some seconds, and no terminal. It prints one line
// and exits 0, or prints what differs, field by field with both values, and
// exits 1.
'use strict';

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { build, decode, Exchange } = require('./exchange');
const { agree, Report } = require('./compare');
const { differences, official } = require('./differences');
const { message } = require('./packets');
const { Session, instruments } = require('./session');

const deadline = 30_000; // ms, for all but the build
const packetCount = 3000;
const seed = 1;

const report = new Report();

async function main() {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'kiteticker-interop-'));
  process.on('exit', () => fs.rmSync(dir, { recursive: true, force: true }));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(1));

  const binary = build(dir);
  let doing = () => 'starting the exchange';
  setTimeout(() => {
    console.error(`interop: after ${deadline / 1000} s still ${doing()}`);
    process.exit(1);
  }, deadline).unref();

  const exchange = await Exchange.start(binary, path.join(dir, 'sent.jsonl'), instruments.length, seed);
  const session = new Session(exchange.url);
  doing = () => session.progress();
  await session.run();
  doing = () => 'stopping the exchange';
  const record = await exchange.stop();
  checkSession(session, record);
  const decoded = checkDecoder(session.ticker, binary);

  for (const d of differences) {
    report.check(d.count > 0, `the client no longer shows the difference "${d.name}": remove it from differences.js`);
  }
  if (report.failures > 0) {
    console.error(`interop: FAILED: ${report.failures} failures, the client is kiteconnect ${version()}`);
    process.exit(1);
  }
  const known = differences.map((d) => `${d.name} ${d.count}`).join(', ');
  console.log(`interop: ok: kiteconnect ${version()} and kiteticker agree on ${report.fields} fields of ` +
    `${session.ticks.length} ticks from the exchange and ${decoded} from the decoder; known differences: ${known}`);
  process.exit(0); // the client's watchdog would keep the process for up to 10 s
}

// checkSession compares what the client received with the exchange's record.
function checkSession(session, record) {
  // One socket has one order: tick i of the client is row i of the exchange.
  const { ticks } = session;
  const { rows, summary } = record;
  report.check(ticks.length === rows.length, `the client received ${ticks.length} ticks, the exchange logged ${rows.length}`);
  for (let i = 0; i < Math.min(ticks.length, rows.length); i++) {
    const { conn, ...row } = rows[i];
    report.check(conn === 0, `tick ${i} was sent on connection ${conn}, want 0`);
    agree(report, `tick ${i} of the exchange`, ticks[i], official(row));
  }

  // Each command was obeyed, in order: the modes of every instrument tell.
  for (const { token, name, modes } of instruments) {
    const seen = collapse(rows.filter((r) => r.instrument_token === token).map((r) => r.mode));
    report.check(`${seen}` === `${collapse(modes)}`, `${name} ${token} was sent in the modes ${seen}, asked for ${collapse(modes)}`);
  }
  report.check(`${session.texts}` === `${session.wantTexts}`,
    `the exchange sent the texts ${session.texts.join(', ')}, want ${session.wantTexts.join(', ')}`);
  report.check(session.closeCode === 1005, `the socket closed with code ${session.closeCode}, want 1005: a close frame without a code`);
  const want = `sent ${ticks.length} ticks in ${session.messages} messages on 1 connection`;
  report.check(summary === want, `the exchange says it ${summary}, the client: ${want}`);
}

// collapse removes repetitions: quote, quote, full becomes quote, full.
function collapse(modes) {
  return modes.filter((mode, i) => mode !== modes[i - 1]);
}

// checkDecoder lets both sides decode one message and returns the ticks in it.
function checkDecoder(ticker, binary) {
  const { bytes, packets } = message(packetCount, seed);
  const ticks = ticker.parseBinary(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  const rows = decode(binary, bytes);
  report.check(rows.length === packets.length, `the decoder found ${rows.length} ticks, the message has ${packets.length}`);
  let n = 0;
  for (const [i, row] of rows.entries()) {
    const want = official(row, packets[i]);
    if (want) agree(report, `packet ${i} of the decoder`, ticks[n++] ?? {}, want);
  }
  report.check(n === ticks.length, `the client decoded ${ticks.length} ticks, want ${n}`);
  return n;
}

function version() { return require('kiteconnect/package.json').version; }

main().catch((err) => {
  console.error(`interop: ${err.message}`);
  process.exit(1);
});
