/**
 * One run: writers write, the nemesis torments, all is healed, the pipeline drains, the checker
 * compares. Whatever stands between writers and checker is a {@link Pipeline}.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '@plimsoll/runtime';
import { checkRows } from '../checker/check-rows.ts';
import type { Verdict } from '../checker/verdict.ts';
import { labelOf, targetOf, type FaultRecord } from '../nemesis/fault.ts';
import { Nemesis } from '../nemesis/nemesis.ts';
import { planFaults } from '../nemesis/plan-faults.ts';
import type { FaultSurface, Pipeline, StoredRow } from '../pipeline.ts';
import { Delays } from './delays.ts';
import { Writers } from './writers.ts';

export interface ChaosOptions {
  pipeline: Pipeline;
  /** For writers, ledgers and the schedule. */
  folder: string;
  minutes: number;
  seed: number;
  linesPerSecond: number;
  /** After which a paused consumer is thrown out of its group. */
  sessionTimeoutMs: number;
  drainDeadlineMs: number;
  print: (line: string) => void;
  signal: AbortSignal;
}

export interface ChaosOutcome {
  verdict: Verdict;
  faults: readonly FaultRecord[];
  /** Why the pipeline did not drain, and how each of its parts was then; null: it did. */
  undrained: { reason: string; state: string } | null;
  /** What else is not as it must be. */
  findings: readonly string[];
  delays: Delays;
  rotations: number;
  files: number;
}

/** Without faults, at the beginning and at the end: there delays are measured. */
const calmMs = 8000;
const progressIntervalMs = 5000;
const sampleIntervalMs = 250;
/** Until what a fault held up has come through. */
const recoveredAfterMs = 15_000;
/** Nothing may come after the pipeline says that it is empty; it is looked for that long. */
const settleMs = 3000;

export class ChaosRun {
  readonly #options: ChaosOptions;
  readonly #writers: Writers;
  readonly #collectedFile: string;
  readonly #delays = new Delays();
  readonly #beganMs = performance.now();
  #nemesis: Nemesis | null = null;
  #stored = 0;

  constructor(options: ChaosOptions) {
    this.#options = options;
    mkdirSync(options.folder, { recursive: true });
    this.#collectedFile = join(options.folder, 'collected');
    this.#writers = new Writers({
      folder: options.folder,
      hosts: options.pipeline.hosts,
      seed: options.seed,
      linesPerSecond: options.linesPerSecond,
      collectedFile: this.#collectedFile,
      onNote: (note) => this.#say(note),
    });
  }

  /** @throws when the pipeline does not start, or a writer fails */
  async run(): Promise<ChaosOutcome> {
    const { pipeline, signal } = this.#options;
    await pipeline.start();
    this.#say(`${pipeline.name} runs; ${this.#writers.files} logs are written`);
    const watching = new AbortController();
    const watched = Promise.all([this.#sample(watching.signal), this.#watch(watching.signal)]);
    try {
      await this.#writers.start();
      await sleep(calmMs, undefined, { signal }).catch(() => undefined);
      await this.#torment();
      await sleep(calmMs, undefined, { signal }).catch(() => undefined);
      await this.#writers.finish();
      this.#say('all is healed and written; the pipeline drains');
      const undrained = await this.#drain();
      watching.abort();
      await watched;
      return await this.#judge(undrained);
    } finally {
      watching.abort();
      await this.#writers.kill();
    }
  }

  async #torment(): Promise<void> {
    const { pipeline, minutes, seed, sessionTimeoutMs, folder, signal } = this.#options;
    const surface: FaultSurface = {
      ...pipeline.surface,
      roles: [...pipeline.surface.roles, ...this.#writers.processes],
    };
    const lengthMs = minutes * 60_000 - 2 * calmMs;
    const plan = planFaults(surface, { seed, lengthMs, sessionTimeoutMs });
    writeFileSync(join(folder, 'plan.json'), JSON.stringify(plan, null, 1));
    this.#nemesis = new Nemesis({
      surface,
      plan,
      onBegin: (fault) => {
        const { durationMs } = fault;
        this.#say(
          `  ${labelOf(fault)}: ${targetOf(fault)} for ${(durationMs / 1000).toFixed(1)} s`,
        );
      },
      onEnd: ({ fault, evidence }) => {
        if (evidence === null) this.#say(`  ${labelOf(fault)}: without effect, not counted`);
      },
    });
    await this.#nemesis.run(signal);
    writeFileSync(join(folder, 'faults.json'), JSON.stringify(this.#nemesis.records, null, 1));
  }

  /** @returns why it did not; null: it did */
  async #drain(): Promise<ChaosOutcome['undrained']> {
    const { pipeline, drainDeadlineMs } = this.#options;
    const deadline = performance.now() + drainDeadlineMs;
    const details = new Map<string, number>();
    while (performance.now() < deadline) {
      const { isDrained, detail } = await pipeline.drained();
      if (isDrained && (await this.#isSettled())) return null;
      if (!details.has(detail)) this.#say(`not drained yet: ${detail || 'rows still come'}`);
      details.set(detail, (details.get(detail) ?? 0) + 1);
      await sleep(1000);
    }
    const looks = [...details].map(([detail, times]) => `${times} times: ${detail || 'drained'}`);
    const reason = `not drained within ${drainDeadlineMs / 1000} s: ${looks.slice(-20).join('\n  ')}`;
    return { reason, state: await pipeline.diagnose() };
  }

  /** Empty, with as many rows as lines, or with a count that has not changed for a while. */
  async #isSettled(): Promise<boolean> {
    const { pipeline } = this.#options;
    const before = await pipeline.storedCount();
    const isShort = before === null || before < this.#writers.lines;
    await sleep(isShort ? 4 * settleMs : settleMs);
    const { isDrained } = await pipeline.drained();
    return isDrained && before !== null && (await pipeline.storedCount()) === before;
  }

  async #judge(undrained: ChaosOutcome['undrained']): Promise<ChaosOutcome> {
    const { pipeline } = this.#options;
    this.#say(undrained === null ? 'drained; rows are compared' : 'NOT drained; rows are compared');
    const findings: string[] = [];
    const verdict = await checkRows(this.#writers.written(), readable(pipeline, findings));
    try {
      findings.push(...(await pipeline.otherFindings()));
    } catch (error) {
      findings.push(`other rows cannot be read: ${messageOf(error)}`);
    }
    return {
      verdict,
      undrained,
      findings,
      faults: this.#nemesis?.records ?? [],
      delays: this.#delays,
      rotations: this.#writers.rotations,
      files: this.#writers.files,
    };
  }

  async #sample(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#delays.noteWritten(this.#writers.lines, performance.now());
      const rows = await this.#options.pipeline.storedCount();
      if (rows !== null) this.#noteStored(rows);
      await sleep(sampleIntervalMs, undefined, { signal }).catch(() => undefined);
    }
  }

  #noteStored(rows: number): void {
    const isNews = rows > this.#stored;
    this.#stored = rows;
    const delayMs = this.#delays.noteStored(rows, performance.now());
    const isCalm = this.#nemesis === null || this.#nemesis.quietMs > recoveredAfterMs;
    if (isNews && isCalm && delayMs !== null) this.#delays.keep(delayMs);
  }

  async #watch(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await sleep(progressIntervalMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      const written = this.#writers.lines;
      const faults = this.#nemesis?.records.filter(({ evidence }) => evidence !== null).length ?? 0;
      const behind = Math.max(0, written - this.#stored);
      this.#say(`written ${written}, stored ${this.#stored}, behind ${behind}, faults ${faults}`);
      const collectedMs = await this.#options.pipeline.collectedUpToMs().catch((error: unknown) => {
        this.#say(`what is collected is not known: ${messageOf(error)}`);
        return 0;
      });
      writeFileSync(this.#collectedFile, String(collectedMs));
    }
  }

  #say(line: string): void {
    const seconds = (performance.now() - this.#beganMs) / 1000;
    this.#options.print(`${seconds.toFixed(0).padStart(5)} s  ${line}`);
  }
}

/** What cannot be read is missing. */
async function* readable(
  pipeline: Pipeline,
  findings: string[],
): AsyncGenerator<readonly StoredRow[]> {
  try {
    yield* pipeline.readRows();
  } catch (error) {
    findings.push(`rows cannot be read: ${messageOf(error)}`);
  }
}
