/** Bytes before the first frame of a journal file; layout in `direct/journal-file.ts`. */
const preludeBytes = 20;

/**
 * The frames of a damaged journal file as far as their lengths lead from one to the next. Which of
 * them are whole their own checksums say.
 */
export function salvageFrames(file: Buffer): Buffer[] {
  const frames: Buffer[] = [];
  for (let at = preludeBytes; at + 4 <= file.length;) {
    const length = file.readUInt32LE(at);
    const frame = file.subarray(at + 4, at + 4 + length);
    if (frame.length < length) break;
    frames.push(frame);
    at += 4 + length;
  }
  return frames;
}
