/** Writes records of the `records` format (`@plimsoll/model`, records.ts) into memory that is used again. */
import assert from 'node:assert/strict';
import { limits, recordEscapes } from '@plimsoll/model';
import { copyWords, wordView, type WordView } from './word-view.ts';

const escape = 0x01;
const tab = 0x09;
const lineFeed = 0x0a;
const zero = 0x30;

export class RecordWriter {
  records = 0;
  /** A frame's worth: what one block makes never fills it, as `maxLines` is chosen. */
  readonly #out = Buffer.allocUnsafeSlow(limits.maxFrameBytes);
  readonly #view = wordView(this.#out);
  #used = 0;

  reset(): void {
    this.#used = 0;
    this.records = 0;
  }

  /** Valid until the next reset. */
  get payload(): Buffer {
    return this.#out.subarray(0, this.#used);
  }

  begin(position: number): void {
    assert(this.#used + 64 <= this.#out.length, 'records fit a frame');
    this.#number(position);
    this.#out[this.#used++] = tab;
  }

  /** Behind the position. */
  time(view: WordView, start: number, end: number): void {
    this.plainText(view, start, end);
    this.#out[this.#used++] = tab;
  }

  /** Behind the time; what follows is the line positions. */
  stream(name: string): void {
    for (let at = 0; at < name.length; at += 1) this.#out[this.#used++] = name.charCodeAt(at);
    this.#out[this.#used++] = tab;
  }

  linePosition(position: number, isFirst: boolean): void {
    if (!isFirst) this.#out[this.#used++] = 0x2c;
    this.#number(position);
  }

  beginText(): void {
    this.#out[this.#used++] = tab;
  }

  /** Text without a byte that is to be escaped. */
  plainText(texts: WordView, start: number, end: number): void {
    copyWords(texts, [start, end], { to: this.#view, at: this.#used });
    this.#used += end - start;
  }

  /** Text with any bytes; its line feeds are none between lines of the file. */
  text(texts: Buffer, start: number, end: number): void {
    for (let at = start; at < end; at += 1) {
      const byte = texts[at] ?? 0;
      if (byte === tab) this.break('tab');
      else if (byte === lineFeed) this.break('innerLineFeed');
      else if (byte === escape) this.break('escape');
      else this.#out[this.#used++] = byte;
    }
  }

  /** Text of one character for each byte, without a line feed. */
  string(text: string): void {
    if (text.includes('\t') || text.includes('\u0001')) {
      const bytes = Buffer.from(text, 'latin1');
      this.text(bytes, 0, bytes.length);
    } else {
      this.#used += this.#out.write(text, this.#used, 'latin1');
    }
  }

  break(kind: keyof typeof recordEscapes): void {
    this.#out[this.#used++] = escape;
    this.#out[this.#used++] = recordEscapes[kind];
  }

  end(): void {
    this.#out[this.#used++] = lineFeed;
    this.records += 1;
  }

  #number(value: number): void {
    if (value > 0x7fff_ffff) {
      this.#used += this.#out.write(String(value), this.#used, 'latin1');
      return;
    }
    let digits = 1;
    for (let bound = 10; value >= bound && digits < 10; bound *= 10) digits += 1;
    let left = value;
    for (let at = this.#used + digits - 1; at >= this.#used; at -= 1) {
      const rest = (left / 10) | 0;
      this.#out[at] = zero + left - rest * 10;
      left = rest;
    }
    this.#used += digits;
  }
}
