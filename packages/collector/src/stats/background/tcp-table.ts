/**
 * Reads `net/tcp` and `net/tcp6` of one network namespace, in pieces. The kernel walks the hash
 * table of the whole host for it, some 2 ms however few the sockets, and hands out a page at a
 * time. The descriptor pins the namespace, so it is held for the length of the reading only.
 */
import { closeSync, openSync, readSync } from 'node:fs';
import { addTcpStates, noTcpStates, type TcpStates } from '../parse/tcp.ts';

/** More than the kernel hands out in one piece, so that a line is never cut for long. */
const bufferBytes = 64 * 1024;
/** Some six million sockets; beyond it something is wrong. */
const maxBytes = 1024 * 1024 * 1024;

export class TcpTable {
  readonly #files: string[];
  readonly #states = noTcpStates();
  readonly #buffer: Buffer;
  #fd = -1;
  #position = 0;
  #kept = 0;
  #opened = 0;

  /** @param directory `<proc>/<pid>` of a process in the namespace. */
  constructor(directory: string, buffer: Buffer = Buffer.allocUnsafeSlow(bufferBytes)) {
    this.#files = [`${directory}/net/tcp`, `${directory}/net/tcp6`];
    this.#buffer = buffer;
  }

  /**
   * Reads one piece.
   *
   * @returns the counts once all was read, `gone` when nothing could be, undefined to go on.
   */
  step(): TcpStates | 'gone' | undefined {
    try {
      if (this.#fd < 0 && !this.#openNext()) return this.#opened > 0 ? this.#states : 'gone';
      if (!this.#readPiece()) this.close();
    } catch {
      // The process ended; what was counted so far is not all there was.
      this.close();
      this.#files.length = 0;
      return 'gone';
    }
    return undefined;
  }

  close(): void {
    if (this.#fd < 0) return;
    closeSync(this.#fd);
    this.#fd = -1;
  }

  #openNext(): boolean {
    for (let path = this.#files.shift(); path !== undefined; path = this.#files.shift()) {
      try {
        this.#fd = openSync(path, 'r');
      } catch {
        // No IPv6, or no process.
        continue;
      }
      this.#position = 0;
      this.#kept = 0;
      this.#opened++;
      return true;
    }
    return false;
  }

  /** False at the end of the file. */
  #readPiece(): boolean {
    const free = this.#buffer.length - this.#kept;
    const count = readSync(this.#fd, this.#buffer, this.#kept, free, this.#position);
    if (count === 0 || this.#position > maxBytes) return false;
    this.#position += count;
    const length = this.#kept + count;
    const taken = addTcpStates({ data: this.#buffer, length }, this.#states);
    // A line that fills the buffer is no line of the kernel's: let go of it.
    const rest = length - taken === this.#buffer.length ? 0 : length - taken;
    this.#buffer.copyWithin(0, length - rest, length);
    this.#kept = rest;
    return true;
  }
}
