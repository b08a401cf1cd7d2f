/**
 * A container's log as Docker's json-file driver keeps it: one JSON object per line, rotated by
 * renaming (`…-json.log` → `.1` → `.2`) once it has reached its size.
 *
 * Lines are gathered and written together; {@link LogWriter.flush} puts them on disk.
 */
import { closeSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import type { LogEntry } from './entry.ts';

export interface LogWriterOptions {
  path: string;
  maxBytes: number;
  maxFiles: number;
}

export class LogWriter {
  readonly #options: LogWriterOptions;
  readonly #rotated: number[] = [];
  #fd: number;
  #parts: string[] = [];
  #gathered = 0;
  #size = 0;

  constructor(options: LogWriterOptions) {
    this.#options = options;
    this.#fd = openSync(options.path, 'a', 0o640);
  }

  /** Bytes of this file and the rotated ones, and what is gathered for it. */
  get bytes(): number {
    return this.#rotated.reduce((sum, size) => sum + size, this.#size + this.#gathered);
  }

  /** @param time RFC 3339 with nanoseconds. */
  add(entry: LogEntry, time: string): void {
    for (const line of entry.lines) {
      const text = `{"log":${JSON.stringify(`${line}\n`)},"stream":"${entry.stream}","time":"${time}"}\n`;
      this.#parts.push(text);
      this.#gathered += text.length;
    }
  }

  /** Writes what is gathered, if it is at least so many bytes. */
  flush(minBytes = 1): void {
    if (this.#gathered < minBytes) return;
    const bytes = Buffer.from(this.#parts.join(''));
    this.#parts = [];
    this.#gathered = 0;
    for (let at = 0; at < bytes.length;) at += writeSync(this.#fd, bytes, at);
    this.#size += bytes.length;
    if (this.#size >= this.#options.maxBytes) this.#rotate();
  }

  close(): void {
    this.flush();
    closeSync(this.#fd);
  }

  #rotate(): void {
    const { path, maxFiles } = this.#options;
    closeSync(this.#fd);
    const last = maxFiles - 1;
    rmSync(`${path}.${last}`, { force: true });
    for (let index = Math.min(last - 1, this.#rotated.length); index >= 1; index--) {
      renameSync(`${path}.${index}`, `${path}.${index + 1}`);
    }
    renameSync(path, `${path}.1`);
    this.#rotated.unshift(this.#size);
    this.#rotated.length = Math.min(this.#rotated.length, last);
    this.#size = 0;
    this.#fd = openSync(path, 'a', 0o640);
  }
}
