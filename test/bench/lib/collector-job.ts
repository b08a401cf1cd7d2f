/** What a process with nothing in it but a collector is asked to do, and what it answers. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { collectorSettings } from '@plimsoll/agent/process-settings';

export interface JobContainer {
  id: string;
  name: string;
  /** Init process; 0 for none. */
  pid: number;
  /** Path of the json-file log; '' for none. */
  logPath: string;
  writableLayer: string;
}

export interface CollectorJob {
  containers: JobContainer[];
  cgroupParent: string;
  /** Of `collector` in the configuration. */
  config: Record<string, unknown>;
  until:
    | { kind: 'acknowledged'; bytes: number }
    /** Seconds that do not count, then seconds that do. */
    | { kind: 'time'; warmUpSeconds: number; seconds: number };
  /** Log lines hold the time when they were written, as `"at":<milliseconds>`. */
  measuresDelay: boolean;
}

export interface CollectorAccount {
  cpuSeconds: number;
  wallSeconds: number;
  acknowledgedBytes: number;
  acknowledgedLines: number;
  frameBytes: number;
  frames: number;
  rssBytes: number;
  peakRssBytes: number;
  /** From write to publish, milliseconds, ascending. */
  delaysMs: number[];
}

const alone = fileURLToPath(new URL('collector-alone.ts', import.meta.url));
const run = promisify(execFile);

export async function runCollectorJob(job: CollectorJob): Promise<CollectorAccount> {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-bench-job-'));
  try {
    const file = join(folder, 'job.json');
    writeFileSync(file, JSON.stringify(job));
    const { stdout } = await run(process.execPath, [...collectorSettings.flags, alone, file], {
      maxBuffer: 64 * 1024 * 1024,
      env: { ...process.env, ...collectorSettings.env },
    });
    // What our own process printed on its last line.
    return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as CollectorAccount;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
