/** What a process of one part of the Kafka path is asked to do, and what it answers. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Measured } from './measure.ts';
import type { QuietFleet } from './quiet-frames.ts';
import type { Fleet } from './statistics-frames.ts';

interface Common {
  brokers: string[];
  /** Of the topics. */
  prefix: string;
  partitions: number;
}

export type KafkaJob = Common &
  (
    | { kind: 'publish logs'; host: string; logs: JobLog[] }
    | ({ kind: 'publish statistics' } & Fleet)
    | ({ kind: 'publish quietly' } & QuietFleet)
    /** With `logs`: the collector too, as in the all-in-one. */
    | { kind: 'store'; dataFolder: string; table: StoredTable; rows: number; logs: JobLog[] }
    | { kind: 'watch'; dataFolder: string; logs: JobLog[]; rows: number; pollMs: number }
    | { kind: 'publish lines'; path: string }
    | { kind: 'plain consumer'; dataFolder: string; rows: number }
  );

export type StoredTable = 'logs' | 'container_stats';

export interface JobLog {
  container: string;
  path: string;
  bytes: number;
}

/** Measured from the start of consuming or publishing until the last row is there, or frame acknowledged. */
export interface KafkaAccount extends Measured {
  rows: number;
  /** Rows of which no other is a copy. */
  distinctRows: number;
  /** `watch`: for each look, its time (milliseconds since 1970) and the rows of each log seen by then. */
  looks: { atMs: number; rows: number[] }[];
}

const program = fileURLToPath(new URL('kafka-process.ts', import.meta.url));
const run = promisify(execFile);

export async function runKafkaJob(job: KafkaJob): Promise<KafkaAccount> {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-bench-kafka-job-'));
  try {
    const file = join(folder, 'job.json');
    writeFileSync(file, JSON.stringify(job));
    const { stdout } = await run(process.execPath, [program, file], {
      maxBuffer: 256 * 1024 * 1024,
      // As the command sets them for itself: threads for the engine, large blocks given back at once.
      env: { ...process.env, UV_THREADPOOL_SIZE: '24', MALLOC_MMAP_THRESHOLD_: '1048576' },
    });
    // What our own process printed on its last line.
    return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as KafkaAccount;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
