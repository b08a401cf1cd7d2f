/**
 * Where records of the kernel log come from: the device, which gives one record per read, or a
 * file or pipe in its place, which is read line by line.
 */
import { closeSync, constants, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { codeOf } from '@plimsoll/runtime';

/** The kernel's longest record is 8 KiB with its continuation lines. */
const maxRecordBytes = 64 * 1024;

export type KmsgRead =
  | { kind: 'record'; text: string }
  /** Nothing more for now. */
  | { kind: 'end' }
  /** The kernel wrote over records that were not read yet. */
  | { kind: 'overwritten' };

export interface KmsgSource {
  /** Changes when sequence numbers may begin anew: `device`, or the inode of a file. */
  readonly id: string;
  /** @throws system errors other than "nothing there". */
  read(): KmsgRead;
  close(): void;
}

/** @throws system errors, such as ENOENT and EPERM. */
export function openKmsg(path: string): KmsgSource {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const stats = fstatSync(fd);
  if (stats.isCharacterDevice()) return new DeviceSource(fd);
  return new LineSource(fd, { path, inode: stats.ino, isFile: stats.isFile() });
}

class DeviceSource implements KmsgSource {
  readonly id = 'device';
  readonly #fd: number;
  readonly #buffer = Buffer.allocUnsafeSlow(maxRecordBytes);

  constructor(fd: number) {
    this.#fd = fd;
  }

  read(): KmsgRead {
    try {
      const length = readSync(this.#fd, this.#buffer);
      if (length === 0) return { kind: 'end' };
      return { kind: 'record', text: this.#buffer.toString('utf8', 0, length) };
    } catch (error) {
      const code = codeOf(error);
      if (code === 'EAGAIN') return { kind: 'end' };
      if (code === 'EPIPE') return { kind: 'overwritten' };
      throw error;
    }
  }

  close(): void {
    closeSync(this.#fd);
  }
}

/** A file is followed as it grows; when it is cut or replaced it is read from its start. */
class LineSource implements KmsgSource {
  readonly id: string;
  readonly #fd: number;
  readonly #file: { path: string; inode: number; isFile: boolean };
  readonly #buffer = Buffer.allocUnsafeSlow(maxRecordBytes);
  #held = 0;
  #position = 0;

  constructor(fd: number, file: { path: string; inode: number; isFile: boolean }) {
    this.#fd = fd;
    this.#file = file;
    this.id = `inode-${file.inode}`;
  }

  read(): KmsgRead {
    for (;;) {
      const end = this.#recordEnd();
      if (end > 0) return { kind: 'record', text: this.#take(end) };
      // A line longer than the buffer is no record: what is held of it is let go.
      if (this.#held === this.#buffer.length) this.#held = 0;
      if (this.#fill() === 0) return { kind: 'end' };
    }
  }

  close(): void {
    closeSync(this.#fd);
  }

  /** End of the first line and of the continuation lines that are here already; 0 without one. */
  #recordEnd(): number {
    let end = this.#lineEnd(0);
    while (end > 0 && end < this.#held && this.#buffer[end] === 0x20) {
      const next = this.#lineEnd(end);
      if (next === 0) break;
      end = next;
    }
    return end;
  }

  #lineEnd(from: number): number {
    const at = this.#buffer.subarray(0, this.#held).indexOf(0x0a, from);
    return at < 0 ? 0 : at + 1;
  }

  #take(end: number): string {
    const text = this.#buffer.toString('utf8', 0, end);
    this.#buffer.copyWithin(0, end, this.#held);
    this.#held -= end;
    return text;
  }

  #fill(): number {
    const { isFile } = this.#file;
    if (isFile) this.#checkFile();
    try {
      const room = this.#buffer.length - this.#held;
      const at = isFile ? this.#position : null;
      const length = readSync(this.#fd, this.#buffer, this.#held, room, at);
      this.#held += length;
      this.#position += length;
      return length;
    } catch (error) {
      if (codeOf(error) === 'EAGAIN') return 0;
      throw error;
    }
  }

  #checkFile(): void {
    const size = fstatSync(this.#fd).size;
    if (size < this.#position) {
      this.#position = 0;
      this.#held = 0;
    }
    if (size > this.#position) return;
    const current = statSync(this.#file.path, { throwIfNoEntry: false });
    if (current && current.ino !== this.#file.inode) throw new ReplacedError();
  }
}

/** The path names another file now: open it again. */
export class ReplacedError extends Error {
  override readonly name = 'ReplacedError';
}
