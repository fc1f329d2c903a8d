// Comparing ticks field by field.
'use strict';

const shown = 20; // failures printed; all are counted

class Report {
  failures = 0;
  fields = 0;

  check(ok, text) {
    if (ok) return;
    this.failures++;
    if (this.failures <= shown) console.error(`interop: ${text}`);
  }

  // equal compares one field.
  equal(where, field, got, want, same = Object.is) {
    this.fields++;
    this.check(same(got, want), `${where}: ${field}: the client has ${show(got)}, want ${show(want)}`);
  }
}

function show(value) { return value === undefined ? 'nothing' : JSON.stringify(value); }

// agree compares all fields of got, the client's tick, with those of want, the
// tick it must have made; neither may have a field that the other lacks.
function agree(report, where, got, want) {
  where += ` (token ${want.instrument_token}, ${want.mode})`;
  const walk = (prefix, a, b) => {
    for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
      const field = prefix + key;
      if (isObject(a[key]) && isObject(b[key])) walk(`${field}.`, a[key], b[key]);
      else report.equal(where, field, a[key], b[key], field === 'change' ? sameChange(want) : same);
    }
  };
  walk('', got, want);
}

function isObject(value) { return typeof value === 'object' && value !== null && !(value instanceof Date); }

// same is exact, for prices too: a whole number divided by a power of ten is the
// double that is nearest to the decimal text.
function same(a, b) {
  return a instanceof Date && b instanceof Date ? a.getTime() === b.getTime() : a === b;
}

// sameChange allows for rounding. The client subtracts prices that are rounded
// already, each by up to half a unit in its last place; with what follows, and
// our own, that is less than 8 halves of a unit, relative to both prices.
// Without a close nothing is divided, and the change is exact.
function sameChange({ last_price: last, ohlc: { close } = { close: 0 } }) {
  if (close === 0) return same;
  const allowed = 100 * 4 * Number.EPSILON * (Math.abs(last) + Math.abs(close)) / Math.abs(close);
  return (a, b) => Math.abs(a - b) <= allowed;
}

module.exports = { agree, Report };
