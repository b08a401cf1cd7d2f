import { statSync } from 'node:fs';

/** Docker names rotated files `.1`, `.2`, …; more than this many are not looked for. */
const maxRotatedFiles = 100;

/** Bytes of a container's log file and of its rotated ones; `NaN` when there is no file. */
export function readLogBytes(path: string): number {
  let bytes = sizeOf(path);
  for (let index = 1; index <= maxRotatedFiles; index++) {
    const size = sizeOfRotated(`${path}.${index}`);
    if (Number.isNaN(size)) break;
    bytes += size;
  }
  return bytes;
}

function sizeOfRotated(path: string): number {
  const plain = sizeOf(path);
  return Number.isNaN(plain) ? sizeOf(`${path}.gz`) : plain;
}

function sizeOf(path: string): number {
  try {
    return statSync(path, { throwIfNoEntry: false })?.size ?? NaN;
  } catch {
    return NaN;
  }
}
