/**
 * A process that writes logs until it is told to stop: `main.ts <job file>`. SIGTERM: ends what is
 * begun and closes its ledgers. SIGKILL at any time is part of the game.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { LogWriter } from './log-writer.ts';
import type { WriterJob, WriterReport } from './writer-job.ts';

const tickMs = 50;
const reportIntervalMs = 200;
const keptFiles = 12;
/** Rotated files are removed only when the pipeline has read them, and never below this. */
const pruneAfterMs = 30_000;

const jobFile = process.argv[2];
if (jobFile === undefined) throw new Error('expected the path of a job');
// Written by the run that started this process.
const job = JSON.parse(readFileSync(jobFile, 'utf8')) as WriterJob;

const stopping = new AbortController();
process.once('SIGTERM', () => {
  stopping.abort();
});

const writers = await Promise.all(
  job.logs.map((spec) =>
    LogWriter.open({
      spec,
      ledgerPath: join(job.ledgers, `${spec.writer}-${spec.file}.jsonl`),
      // Not all at the same moment.
      rotateBytes: Math.round(job.rotateBytes * (0.5 + Math.random())),
    }),
  ),
);
const rotatedAtMs = new Map<LogWriter, number>();
let rotations = 0;
let reportedAtMs = 0;
report();
for (let dueMs = Date.now(); !stopping.signal.aborted; dueMs += tickMs) {
  await sleep(Math.max(1, dueMs - Date.now()));
  await tick();
  if (Date.now() - reportedAtMs >= reportIntervalMs) report();
  // A process that was stopped does not catch up.
  if (Date.now() - dueMs > 1000) dueMs = Date.now();
}
for (const writer of writers) writer.finish();
report();

async function tick(): Promise<void> {
  const perLog = (job.linesPerSecond * tickMs) / 1000 / writers.length;
  for (const writer of writers) {
    const lines = Math.floor(perLog * 2 * Math.random() + Math.random());
    if (lines > 0) await writeSome(writer, lines);
    if (writer.rotateIfDue()) {
      rotations += 1;
      rotatedAtMs.set(writer, Date.now());
    }
    if (mayPrune(writer)) writer.prune(keptFiles);
  }
}

/** Now and then the end of it comes a moment later, as from a program that flushes by halves. */
async function writeSome(writer: LogWriter, lines: number): Promise<void> {
  const units = writer.take(lines);
  const bytes = Buffer.concat(units.map((unit) => unit.bytes));
  if (Math.random() > 0.05) {
    writer.write(bytes);
    writer.commit(units);
    return;
  }
  const tail = units.at(-1)?.bytes.length ?? 0;
  const cut = bytes.length - Math.ceil(tail * Math.random());
  writer.write(bytes.subarray(0, cut));
  const from = Date.now();
  await sleep(5 + Math.random() * 200);
  writer.write(bytes.subarray(cut));
  writer.commit(units, Date.now() - from);
}

function mayPrune(writer: LogWriter): boolean {
  const atMs = rotatedAtMs.get(writer) ?? Infinity;
  if (Date.now() - atMs < pruneAfterMs || writer.rotatedCount <= keptFiles) return false;
  return collectedUpToMs() > atMs;
}

function collectedUpToMs(): number {
  try {
    return Number(readFileSync(job.collectedFile, 'utf8'));
  } catch {
    return 0;
  }
}

function report(): void {
  reportedAtMs = Date.now();
  const written = writers.reduce((sum, writer) => sum + writer.written, 0);
  const told: WriterReport = { written, rotations };
  process.stdout.write(`${JSON.stringify(told)}\n`);
}
