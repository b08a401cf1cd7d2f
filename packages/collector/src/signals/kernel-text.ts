import { closeSync, openSync, readSync } from 'node:fs';

const defaultMaxBytes = 1024 * 1024;

/**
 * Text of a file of procfs or sysfs, at most `maxBytes` of it; empty when it is gone or may not be
 * read. Such files have no size, and some grow with what a container does.
 */
export function readKernelText(path: string, maxBytes = defaultMaxBytes): string {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch {
    return '';
  }
  try {
    return readParts(fd, maxBytes);
  } catch {
    return '';
  } finally {
    closeSync(fd);
  }
}

/** Used by one reading after the other: a look at many processes would leave one for each. */
let scratch = Buffer.allocUnsafeSlow(16 * 1024);
/** Larger ones are let go. */
const maxScratchBytes = 1024 * 1024;

function readParts(fd: number, maxBytes: number): string {
  let buffer = scratch;
  let length = 0;
  for (;;) {
    const room = Math.min(buffer.length, maxBytes) - length;
    const read = readSync(fd, buffer, length, room, null);
    length += read;
    if (read === 0 || length === maxBytes) return buffer.toString('utf8', 0, length);
    if (length < buffer.length) continue;
    const larger = Buffer.allocUnsafeSlow(Math.min(maxBytes, buffer.length * 4));
    buffer.copy(larger, 0, 0, length);
    buffer = larger;
    if (buffer.length <= maxScratchBytes) scratch = buffer;
  }
}
