import { noStream, type RawLines } from '../raw-lines.ts';

/** A line of any text: its bytes without the line end. `end` is behind the line end. */
export function parsePlain(
  block: Buffer,
  [start, end]: readonly [number, number],
  lines: RawLines,
) {
  const textEnd = block[end - 1] === 0x0a ? end - 1 : end;
  lines.pushBytes(block, [start, textEnd], {
    end,
    stream: noStream,
    isPart: false,
    timeStart: 0,
    timeEnd: 0,
  });
}
