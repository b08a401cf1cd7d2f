/**
 * Pressure stall information (Documentation/accounting/psi.rst):
 * `some avg10=0.00 avg60=0.00 avg300=0.00 total=821` and the same with `full`.
 */
import { type Bytes, nextLine, parseNumber } from './bytes.ts';

const letterS = 0x73;
const letterF = 0x66;
const total = Buffer.from('total=', 'latin1');

/** Totals in microseconds: some tasks waited, and all tasks stalled. `NaN` when not given. */
export interface Pressure {
  waitingUs: number;
  stalledUs: number;
}

export function parsePressure(bytes: Bytes, out: Pressure): void {
  out.waitingUs = NaN;
  out.stalledUs = NaN;
  for (let at = 0; at < bytes.length;) {
    const kind = bytes.data[at];
    const end = nextLine(bytes, at);
    if (kind === letterS) out.waitingUs = totalWithin(bytes, at, end);
    else if (kind === letterF) out.stalledUs = totalWithin(bytes, at, end);
    at = end;
  }
}

/** The total is the last field of its line, so it is looked for from the end. */
function totalWithin(bytes: Bytes, start: number, end: number): number {
  for (let at = end - total.length; at >= start; at--) {
    if (startsWithTotal(bytes.data, at)) return parseNumber(bytes, at + total.length);
  }
  return NaN;
}

function startsWithTotal(data: Uint8Array, from: number): boolean {
  for (let at = 0; at < total.length; at++) {
    if (data[from + at] !== total[at]) return false;
  }
  return true;
}
