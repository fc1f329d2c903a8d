// One session of the official client with the simulated exchange.
'use strict';

const { KiteTicker } = require('kiteconnect');
const WebSocket = require(require.resolve('ws', { paths: [require.resolve('kiteconnect')] }));

// The tokens that kitetest.Universe(27) lists: three instruments of each of nine
// segments, 256 apart.
const firstTokens = {
  NSE: 408065, NFO: 8960258, CDS: 307459, BSE: 128083204, BFO: 209920261,
  BCD: 256262, MCX: 110080263, INDICES: 256265, NCO: 31132428,
};

// Instruments take turns in three phases, so each is seen in each mode. A token
// that was just subscribed is in quote mode.
const modes = ['ltp', 'quote', 'full'];
const instruments = Object.entries(firstTokens).flatMap(([name, first]) => modes.map((_, group) => ({
  name,
  group,
  token: first + 256 * group,
  modes: ['quote', ...modes.map((_, phase) => modeOf(group, phase))],
})));
const ticksPerPhase = 12; // at least, of each instrument

function modeOf(group, phase) { return modes[(group + phase) % modes.length]; }

class Session {
  ticks = []; // all that the client decoded, in order
  messages = 0; // binary, longer than a heartbeat
  heartbeats = 0;
  texts = []; // "type: data" of each text message
  lacking = new Map(); // of this phase, by token: the ticks that it still needs
  wantTexts = ['instruments_meta', 'app_code', 'error: Error parsing instrument tokens.'];
  closeCode = 0;

  constructor(url) {
    this.step = 'about to connect';
    this.wake = () => {};
    this.failure = null;
    // Without reconnect: false the client ends the process when it has closed.
    this.ticker = new KiteTicker({ api_key: 'interop', access_token: 'interop', root: `${url}/`, reconnect: false });
    this.listen();
  }

  listen() {
    const on = (event, f) => this.ticker.on(event, (arg) => {
      f(arg);
      this.wake();
    });
    on('message', (data) => {
      if (data.byteLength === 1) this.heartbeats++;
      else this.messages++;
    });
    on('ticks', (ticks) => {
      this.ticks.push(...ticks);
      this.cross(ticks);
    });
    on('connect', () => {});
    on('error', (e) => { this.failure = e; });
    on('close', (e) => { this.closeCode = e.code; });
    hearTexts((text) => {
      const { type, data } = JSON.parse(text);
      this.texts.push(typeof data === 'string' ? `${type}: ${data}` : type);
      this.wake();
    });
  }

  // cross crosses off what the phase no longer lacks.
  cross(ticks) {
    for (const { instrument_token: token, mode } of ticks) {
      const lack = this.lacking.get(token);
      if (lack?.mode === mode && --lack.ticks === 0) this.lacking.delete(token);
    }
  }

  async run() {
    const { ticker } = this;
    const tokens = instruments.map((i) => i.token);

    ticker.connect();
    await this.until('connecting', () => ticker.connected());

    // The client's types allow strings for tokens; the exchange refuses them.
    ticker.subscribe(tokens.map(String));
    await this.until('waiting for the error about tokens that are strings', () => this.texts.length >= this.wantTexts.length);

    ticker.subscribe(tokens);
    for (const phase of modes.keys()) {
      for (const { token, group } of instruments) this.lacking.set(token, { mode: modeOf(group, phase), ticks: ticksPerPhase });
      for (const group of modes.keys()) {
        ticker.setMode(modeOf(group, phase), instruments.filter((i) => i.group === group).map((i) => i.token));
      }
      await this.until(`waiting for ticks in phase ${phase}`, () => this.lacking.size === 0);
    }

    // A heartbeat follows a second without data: nothing is subscribed then,
    // and nothing is under way.
    ticker.unsubscribe(tokens);
    const before = this.heartbeats;
    await this.until('waiting for a heartbeat after unsubscribing', () => this.heartbeats > before);

    ticker.disconnect();
    await this.until('closing', () => this.closeCode !== 0);
  }

  // progress says what the session is at, for when it takes too long.
  progress() {
    const lacking = [...this.lacking].map(([token, { mode, ticks }]) => `${ticks} of ${token} in ${mode} mode`);
    return lacking.length > 0 ? `${this.step}, lacking ${lacking.join(', ')}` : this.step;
  }

  // until waits for a condition that the client's events bring about.
  until(step, condition) {
    this.step = step;
    return new Promise((resolve, reject) => {
      this.wake = () => {
        if (condition()) resolve();
        else if (this.failure) reject(new Error(`${step}: ${this.failure.message}`));
        else if (this.closeCode) reject(new Error(`${step}: the socket closed with code ${this.closeCode}`));
      };
      this.wake();
    });
  }
}

// hearTexts calls f for every text message. The client tells of orders alone
// and drops errors and notices, so this listens one layer below, at its
// WebSocket.
function hearTexts(f) {
  const { emit } = WebSocket.prototype;
  WebSocket.prototype.emit = function (event, data, ...rest) {
    if (event === 'message' && typeof data === 'string') f(data);
    return emit.call(this, event, data, ...rest);
  };
}

module.exports = { Session, instruments };
