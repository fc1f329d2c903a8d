// The command of this project as a child process: the simulated exchange and
// the decoder.
'use strict';

const { execFileSync, spawn } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

// build compiles the command into dir and returns the file. It is built and
// not run by "go run" so that signals reach the exchange itself. Build
// information from version control is not needed, and asking for it fails in a
// tree of another user.
function build(dir) {
  const binary = path.join(dir, 'kiteticker');
  execFileSync('go', ['build', '-buildvcs=false', '-o', binary, './cmd/kiteticker'], {
    cwd: path.join(__dirname, '..', '..'),
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  return binary;
}

// decode returns the rows that the decoder makes of the bytes of a message.
function decode(binary, bytes) {
  // It tells on stderr what it skips, which is much here and meant.
  const stdout = execFileSync(binary, ['decode'], { input: bytes, maxBuffer: 64 << 20, stdio: ['pipe', 'pipe', 'ignore'] });
  return rowsOf(stdout.toString());
}

function rowsOf(lines) {
  return lines.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line));
}

// updates per second of each instrument: so many that a message often carries
// several packets.
const rate = 20;

class Exchange {
  // start resolves once the exchange listens, on a port of its choice.
  static start(binary, log, instruments, seed) {
    return new Promise((resolve, reject) => {
      const exchange = new Exchange();
      exchange.log = log;
      exchange.output = '';
      const args = ['sim', '-addr', '127.0.0.1:0', '-instruments', instruments, '-rate', rate, '-seed', seed, '-log', log];
      exchange.child = spawn(binary, args.map(String), { stdio: ['ignore', 'pipe', 'inherit'] });
      process.on('exit', () => exchange.child.kill('SIGKILL')); // whoever calls process.exit, the client included
      exchange.child.stdout.on('data', (text) => {
        exchange.output += text;
        const url = /(ws:\/\/127\.0\.0\.1:\d+): /.exec(exchange.output);
        if (url) {
          exchange.url = url[1];
          resolve(exchange);
        }
      });
      exchange.ended = new Promise((ended) => exchange.child.on('close', (code, signal) => {
        reject(new Error(`the exchange ended with ${code ?? signal} before it listened:\n${exchange.output}`));
        ended(code ?? signal);
      }));
      exchange.child.on('error', reject);
    });
  }

  // stop ends the exchange as Ctrl-C does and returns its record: the rows it
  // logged, one for each tick, and what it says to have sent in all.
  async stop() {
    this.child.kill('SIGINT');
    const status = await this.ended;
    if (status !== 0) throw new Error(`the exchange ended with ${status}:\n${this.output}`);
    const sent = /^(sent [\d,]+ ticks in [\d,]+ messages), .* (on \d+ connections?)/m.exec(this.output);
    if (!sent) throw new Error(`the exchange printed no summary:\n${this.output}`);
    return { rows: rowsOf(fs.readFileSync(this.log, 'utf8')), summary: `${sent[1]} ${sent[2]}`.replaceAll(',', '') };
  }
}

module.exports = { build, decode, Exchange };
