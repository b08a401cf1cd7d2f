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

const firstBytes = 16 * 1024;

function readParts(fd: number, maxBytes: number): string {
  let buffer = Buffer.allocUnsafe(Math.min(firstBytes, maxBytes));
  let length = 0;
  for (;;) {
    const read = readSync(fd, buffer, length, buffer.length - length, null);
    length += read;
    if (read === 0 || length === maxBytes) return buffer.toString('utf8', 0, length);
    if (length < buffer.length) continue;
    const larger = Buffer.allocUnsafe(Math.min(maxBytes, buffer.length * 4));
    buffer.copy(larger, 0, 0, length);
    buffer = larger;
  }
}
