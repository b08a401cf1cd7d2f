/**
 * Bytes that are also read and written four at a time. Of the short stretches that lines are, a copy
 * in this way takes a third of the time of `Buffer.copy`, and makes no object.
 */
export interface WordView {
  readonly bytes: Buffer;
  readonly words: DataView;
}

/** From this length on the way through C++ is worth it. */
const longBytes = 512;

export function wordView(bytes: Buffer): WordView {
  return { bytes, words: new DataView(bytes.buffer, bytes.byteOffset, bytes.length) };
}

/** Copies `from[start, end)` to `to[at, …)`. @throws {RangeError} where there is no room for it */
export function copyWords(
  from: WordView,
  [start, end]: readonly [number, number],
  { to, at }: { to: WordView; at: number },
): void {
  if (end - start >= longBytes) {
    if (at + end - start > to.bytes.length) throw new RangeError('copyWords: expected room');
    from.bytes.copy(to.bytes, at, start, end);
    return;
  }
  const source = from.words;
  const target = to.words;
  const moved = at - start;
  let place = start;
  for (; place + 4 <= end; place += 4) {
    target.setInt32(place + moved, source.getInt32(place, true), true);
  }
  for (; place < end; place += 1) target.setUint8(place + moved, source.getUint8(place));
}
