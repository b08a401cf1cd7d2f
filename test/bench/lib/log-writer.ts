/**
 * A process that appends to Docker json logs while they are read.
 *
 *     node log-writer.ts fill <source> <bytes> <paths.json>     so many bytes to each, in turns
 *     node log-writer.ts pace <lines per second> <seconds> <paths.json>
 *
 * `pace` writes into each line when it was written: `at=<milliseconds since 1970>`.
 */
import { closeSync, openSync, readFileSync, readSync, writeSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';

const [mode, ...options] = process.argv.slice(2);
const paths = JSON.parse(readFileSync(options.at(-1) ?? '', 'utf8')) as string[];
if (mode === 'fill') fill(String(options[0]), Number(options[1]));
else await pace(Number(options[0]), Number(options[1]));

/** Blocks end at a line's end, as Docker's own writes do. */
function fill(source: string, bytesEach: number): void {
  const blocks = readBlocks(source, 64 * 1024);
  const files = paths.map((path) => ({ descriptor: openSync(path, 'a'), bytes: 0 }));
  let next = 0;
  while (files.some(({ bytes }) => bytes < bytesEach)) {
    for (const file of files) {
      const block = blocks[next++ % blocks.length];
      if (block && file.bytes < bytesEach) file.bytes += writeSync(file.descriptor, block);
    }
  }
  for (const { descriptor } of files) closeSync(descriptor);
}

function readBlocks(source: string, bytesEach: number): Buffer[] {
  const descriptor = openSync(source, 'r');
  const blocks: Buffer[] = [];
  for (let position = 0; blocks.length < 512;) {
    const buffer = Buffer.alloc(bytesEach);
    const read = readSync(descriptor, buffer, 0, bytesEach, position);
    const end = buffer.subarray(0, read).lastIndexOf(0x0a) + 1;
    if (end === 0) break;
    blocks.push(buffer.subarray(0, end));
    position += end;
  }
  closeSync(descriptor);
  return blocks;
}

async function pace(linesPerSecond: number, seconds: number): Promise<void> {
  const descriptors = paths.map((path) => openSync(path, 'a'));
  const startedAt = performance.now();
  const total = linesPerSecond * seconds;
  for (let written = 0; written < total;) {
    const due = Math.min(total, ((performance.now() - startedAt) / 1000) * linesPerSecond);
    for (; written < due; written += 1) {
      const descriptor = descriptors[written % descriptors.length] ?? 0;
      const at = (performance.timeOrigin + performance.now()).toFixed(3);
      const time = new Date().toISOString();
      writeSync(
        descriptor,
        `{"log":"level=info msg=\\"request served\\" n=${written} at=${at}\\n","stream":"stdout","time":"${time}"}\n`,
      );
    }
    await wait(2);
  }
  for (const descriptor of descriptors) closeSync(descriptor);
}
