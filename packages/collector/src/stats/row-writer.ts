/**
 * Writes rows of numbers as JSON text straight into bytes: no string is made of a number that is an
 * integer or a decimal fraction of at most nine digits, which the kernel's all are. Strings would
 * be tens of thousands for each scrape, and their collection dearer than the reading.
 */
import { jsonNumber } from './rows.ts';

const digit0 = 0x30;
const minus = 0x2d;
const point = 0x2e;
const comma = 0x2c;
const newline = 0x0a;
const openBracket = 0x5b;
const closeBracket = 0x5d;
/** The finest unit: nanoseconds of a second. */
const fractionDigits = 9;
const fractionUnit = 10 ** fractionDigits;
/** What a number takes at most: `-1.7976931348623157e+308` and a comma. */
const longestNumber = 32;
const initialBytes = 64 * 1024;
const nullText = Buffer.from('null', 'latin1');

/** Columns that are no numbers, as JSON without brackets; made once for many rows. */
export interface RowHead {
  readonly first: Buffer;
  readonly rest: Buffer;
}

export class RowWriter {
  #buffer = Buffer.allocUnsafeSlow(initialBytes);
  #length = 0;
  #rows = 0;

  get rows(): number {
    return this.#rows;
  }

  /** One row: its first column and more of them, as JSON, then the first `count` numbers. */
  add(head: RowHead, numbers: Float64Array, count: number): void {
    this.#reserve(head.first.length + head.rest.length + count * longestNumber + 4);
    this.#buffer[this.#length++] = openBracket;
    this.#length += head.first.copy(this.#buffer, this.#length);
    this.#buffer[this.#length++] = comma;
    this.#length += head.rest.copy(this.#buffer, this.#length);
    for (let index = 0; index < count; index++) {
      this.#buffer[this.#length++] = comma;
      this.#number(numbers[index] ?? NaN);
    }
    this.#buffer[this.#length++] = closeBracket;
    this.#buffer[this.#length++] = newline;
    this.#rows++;
  }

  /** The rows so far, as bytes of their own; begins anew. */
  take(): Buffer {
    const taken = Buffer.from(this.#buffer.subarray(0, this.#length));
    this.#length = 0;
    this.#rows = 0;
    return taken;
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#buffer.length * 2));
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }

  /** The same as {@link jsonNumber}. */
  #number(value: number): void {
    if (Number.isNaN(value)) {
      for (const byte of nullText) this.#buffer[this.#length++] = byte;
      return;
    }
    const positive = Math.abs(value);
    const whole = Math.floor(positive);
    if (whole <= Number.MAX_SAFE_INTEGER) {
      const fraction = Math.round((positive - whole) * fractionUnit);
      // Only what reads back as the same number.
      if (fraction < fractionUnit && whole + fraction / fractionUnit === positive) {
        if (value < 0) this.#buffer[this.#length++] = minus;
        this.#integer(whole);
        if (fraction > 0) this.#fraction(fraction);
        return;
      }
    }
    this.#length += this.#buffer.write(jsonNumber(value), this.#length, 'latin1');
  }

  #integer(value: number): void {
    let digits = 1;
    for (let rest = value; rest >= 10; rest = Math.floor(rest / 10)) digits++;
    this.#digits(value, digits);
  }

  #fraction(value: number): void {
    let rest = value;
    let digits = fractionDigits;
    while (rest % 10 === 0) {
      rest /= 10;
      digits--;
    }
    this.#buffer[this.#length++] = point;
    this.#digits(rest, digits);
  }

  /** Exactly so many digits, with zeros in front. */
  #digits(value: number, digits: number): void {
    let rest = value;
    for (let at = this.#length + digits - 1; at >= this.#length; at--) {
      const tenth = Math.floor(rest / 10);
      this.#buffer[at] = digit0 + (rest - tenth * 10);
      rest = tenth;
    }
    this.#length += digits;
  }
}
