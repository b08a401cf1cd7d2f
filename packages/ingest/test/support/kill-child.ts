/**
 * A collector, a journal, ingest and the engine in one process that may die at any moment. The
 * "collector" reads lines of a numbered file that exists only as a rule, publishes them in frames
 * and saves its position after the acknowledgement, as a real one does; started again it goes back
 * to the position saved, so that frames overlap what was published. Every rows frame is published
 * twice, as after an answer that was lost; those acknowledged are written down.
 *
 *     node kill-child.ts <folder> <lines per file>
 */
import { appendFileSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Metrics, silentLogger } from '@plimsoll/runtime';
import { migrate, openEngine } from '@plimsoll/storage';
import { DirectTransport, FolderDeadLetters } from '@plimsoll/transport';
import { Ingest } from '../../src/index.ts';
import { logsFrame, rowsFrame } from './frames.ts';
import { fileCount, line } from './numbered-file.ts';

const [folder = '', count = '0'] = process.argv.slice(2);
const lines = Number(count);
const logger = silentLogger();
const metrics = new Metrics();
const engine = await openEngine({
  mode: 'embedded',
  path: join(folder, 'engine'),
  database: 'plimsoll',
});
await migrate(engine);
const transport = new DirectTransport({
  directory: join(folder, 'journal'),
  maxBytes: 5_000_000,
  batchMaxBytes: 1_500_000,
  flushIntervalMs: 20,
  logger,
  metrics,
});
await transport.start();
const ingest = new Ingest({
  engine,
  subscriber: transport,
  logger,
  metrics,
  concurrency: 2,
  deadLetters: new FolderDeadLetters({ directory: join(folder, 'dead-letters') }),
});
await ingest.start();
process.stdout.write('open\n');

const positions = readPositions();
const epoch = Date.now();
const sequences = { logs: 0, rows: 0 };
while (positions.some(({ next }) => next < lines)) {
  await Promise.all(
    positions.map(async (position, file) => {
      if (position.next >= lines) return;
      // Different sizes each time, so that repeated chunks have other bounds than before.
      const end = Math.min(lines, position.next + 500 + Math.floor(Math.random() * 3000));
      const parts: string[] = [];
      for (let index = position.next; index < end; index++) parts.push(line(file, index));
      const bytes = Buffer.from(parts.join(''));
      const options = { sequence: sequences.logs++, epoch, format: 'docker-json' as const };
      const chunk = { fileId: `file-${file}`, start: position.bytes, bytes };
      const rows = sequences.rows++;
      const name = `${epoch}/${rows}`;
      const row = await rowsFrame(
        {
          table: 'host_stats',
          columns: ['time', 'tenant', 'host', 'load1'],
          rows: [['2026-01-15 10:00:00.000', 'default', name, 1]],
        },
        { sequence: rows, epoch },
      );
      const frames = [row, await logsFrame([chunk], options), row];
      await Promise.all(
        frames.map(async (frame) => transport.publish({ key: 'h', kind: 'logs', bytes: frame })),
      );
      appendFileSync(join(folder, 'acknowledged'), `${name}\n`);
      position.next = end;
      position.bytes += bytes.length;
    }),
  );
  savePositions();
}
while (!(await metrics.render()).includes('plimsoll_transport_journal_batches 0')) {
  await new Promise((resolve) => setTimeout(resolve, 10));
}
await ingest.stop();
await transport.stop();
await engine.close();
process.stdout.write('done\n');

function readPositions(): { next: number; bytes: number }[] {
  try {
    // What savePositions wrote: renamed into place, so never half of it.
    return JSON.parse(readFileSync(join(folder, 'positions'), 'utf8')) as {
      next: number;
      bytes: number;
    }[];
  } catch {
    return Array.from({ length: fileCount }, () => ({ next: 0, bytes: 0 }));
  }
}

function savePositions(): void {
  writeFileSync(join(folder, 'positions.tmp'), JSON.stringify(positions));
  renameSync(join(folder, 'positions.tmp'), join(folder, 'positions'));
}
