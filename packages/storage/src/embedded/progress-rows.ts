/**
 * Takes what the engine has read out of a result in JSONCompactEachRowWithProgress, and leaves one in
 * JSONCompactEachRowWithNamesAndTypes. A line of the former is an object with one key:
 *
 *   {"meta":[{"name":"a","type":"UInt8"}]}
 *   {"row":[1]}
 *   {"progress":{"read_rows":"1","read_bytes":"1",…}}
 */
import type { ReadProgress } from '../adhoc/collect-adhoc.ts';

export const progressFormat = 'JSONCompactEachRowWithProgress';

const lineBreak = 10;
const rowStart = Buffer.from('{"row":');
const metaStart = Buffer.from('{"meta":');
const progressStart = Buffer.from('{"progress":');

export async function* withoutProgress(
  chunks: AsyncIterable<Buffer>,
  onProgress: (read: ReadProgress) => void,
): AsyncGenerator<Buffer, void, undefined> {
  let rest: Buffer | undefined;
  for await (const chunk of chunks) {
    const bytes = rest ? Buffer.concat([rest, chunk]) : chunk;
    const lines: Buffer[] = [];
    let start = 0;
    for (let end = bytes.indexOf(lineBreak); end >= 0; end = bytes.indexOf(lineBreak, start)) {
      const line = bytes.subarray(start, end);
      if (startsWith(line, progressStart)) onProgress(readProgress(line));
      else lines.push(...translate(line));
      start = end + 1;
    }
    rest = start < bytes.length ? bytes.subarray(start) : undefined;
    if (lines.length > 0) yield Buffer.concat(lines);
  }
}

/** Totals, extremes and numbers of rows are no rows: they go. */
function translate(line: Buffer): Buffer[] {
  if (startsWith(line, rowStart)) return [line.subarray(rowStart.length, -1), newLine];
  if (!startsWith(line, metaStart)) return [];
  // The engine wrote this line in the shape above.
  const { meta } = JSON.parse(line.toString('utf8')) as { meta: { name: string; type: string }[] };
  const names = meta.map(({ name }) => name);
  const types = meta.map(({ type }) => type);
  return [Buffer.from(`${JSON.stringify(names)}\n${JSON.stringify(types)}\n`)];
}

const newLine = Buffer.from('\n');

function readProgress(line: Buffer): ReadProgress {
  // As above.
  const { progress } = JSON.parse(line.toString('utf8')) as {
    progress: { read_rows?: string; read_bytes?: string };
  };
  return { rows: Number(progress.read_rows ?? 0), bytes: Number(progress.read_bytes ?? 0) };
}

function startsWith(line: Buffer, start: Buffer): boolean {
  return line.length >= start.length && line.compare(start, 0, start.length, 0, start.length) === 0;
}
