/** Lines, the last one with or without its end. */
export function countLines(bytes: Buffer): number {
  const ends = countLineEnds(bytes);
  return bytes.length > 0 && bytes.at(-1) !== 10 ? ends + 1 : ends;
}

export function countLineEnds(bytes: Buffer): number {
  let lines = 0;
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) lines += 1;
  return lines;
}
