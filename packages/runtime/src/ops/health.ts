import { systemClock } from '../clock.ts';
import type { Clock } from '../clock.ts';
import { messageOf } from '../errors/plimsoll-error.ts';

export interface CheckResult {
  ok: boolean;
  /** Why it is so, in one sentence; wanted when it is not ok. */
  reason?: string;
}

export type Check = (signal: AbortSignal) => CheckResult | Promise<CheckResult>;

export interface CheckReport extends CheckResult {
  name: string;
}

export interface HealthReport {
  ok: boolean;
  checks: CheckReport[];
}

/** A check that has not answered by then has failed. */
const checkTimeoutMs = 2000;

/**
 * What `/healthz` and `/readyz` report. Alive means that a restart would not help; ready means that
 * requests are answered as they should be. Parts register their checks by name.
 */
export class Health {
  readonly #clock: Clock;
  readonly #alive = new Map<string, Check>();
  readonly #ready = new Map<string, Check>();

  constructor(options: { clock?: Clock } = {}) {
    this.#clock = options.clock ?? systemClock;
  }

  /** A failing one makes supervisors restart the process: only for what a restart mends. */
  registerAlive(name: string, check: Check): void {
    this.#alive.set(name, check);
  }

  registerReady(name: string, check: Check): void {
    this.#ready.set(name, check);
  }

  alive(): Promise<HealthReport> {
    return this.#report(this.#alive);
  }

  ready(): Promise<HealthReport> {
    return this.#report(this.#ready);
  }

  async #report(checks: ReadonlyMap<string, Check>): Promise<HealthReport> {
    const reports = await Promise.all([...checks].map(([name, check]) => this.#run(name, check)));
    return { ok: reports.every((report) => report.ok), checks: reports };
  }

  async #run(name: string, check: Check): Promise<CheckReport> {
    const stop = new AbortController();
    const timeout = this.#clock.sleep(checkTimeoutMs, stop.signal).then(
      () => ({ ok: false, reason: `expected an answer within ${checkTimeoutMs} ms, got none` }),
      () => ({ ok: false }),
    );
    try {
      const result = await Promise.race([Promise.resolve(check(stop.signal)), timeout]);
      return { name, ...result };
    } catch (error) {
      return { name, ok: false, reason: messageOf(error) };
    } finally {
      stop.abort(new Error('The check is over.'));
    }
  }
}
