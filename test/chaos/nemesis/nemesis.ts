/** Runs a schedule of faults against a surface. When it is over everything has been healed. */
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '@plimsoll/runtime';
import type { FaultSurface } from '../pipeline.ts';
import type { FaultRecord, PlannedFault } from './fault.ts';
import { inflict } from './inflict.ts';

export interface NemesisOptions {
  surface: FaultSurface;
  plan: readonly PlannedFault[];
  onBegin: (fault: PlannedFault) => void;
  onEnd: (record: FaultRecord) => void;
}

export class Nemesis {
  readonly #options: NemesisOptions;
  readonly #records: FaultRecord[] = [];
  #underWay = 0;
  #lastEndMs = 0;

  constructor(options: NemesisOptions) {
    this.#options = options;
  }

  get records(): readonly FaultRecord[] {
    return this.#records;
  }

  /** Milliseconds since the last fault ended, by performance.now(); 0 while there is one. */
  get quietMs(): number {
    return this.#underWay > 0 ? 0 : performance.now() - this.#lastEndMs;
  }

  /** Resolves when every fault of the plan is over; soon when the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const begin = performance.now();
    const running: Promise<void>[] = [];
    for (const fault of this.#options.plan) {
      const waitMs = begin + fault.atMs - performance.now();
      await sleep(Math.max(0, waitMs), undefined, { signal }).catch(() => undefined);
      if (signal.aborted) break;
      running.push(this.#inflict(fault, signal));
    }
    await Promise.all(running);
  }

  async #inflict(fault: PlannedFault, signal: AbortSignal): Promise<void> {
    const { surface, onBegin, onEnd } = this.#options;
    this.#underWay += 1;
    const record: FaultRecord = { fault, evidence: null, beganAtMs: Date.now(), endedAtMs: 0 };
    onBegin(fault);
    try {
      record.evidence = await inflict(fault, surface, signal);
    } catch (error) {
      record.evidence = null;
      process.stderr.write(`chaos: a fault could not be made: ${messageOf(error)}\n`);
    }
    record.endedAtMs = Date.now();
    this.#underWay -= 1;
    this.#lastEndMs = performance.now();
    this.#records.push(record);
    onEnd(record);
  }
}
