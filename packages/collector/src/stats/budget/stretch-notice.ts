/** Decides when somebody should be told that sampling was stretched, or is as asked again. */
import type { EventSeverity } from '@plimsoll/model';
import type { StretchPlan } from './stretch-plan.ts';

/** Slow reads this much rarer are worth telling, and this near to what was asked are not. */
const toldFrom = 2;
const toldUntil = 1.25;
/** Shortest time between two notices. */
const quietMs = 600_000;

/** For an event of kind `collector_stretched`. */
export interface StretchNotice {
  readonly severity: EventSeverity;
  readonly message: string;
  readonly attributes: Record<string, string>;
}

export class StretchNotices {
  #told = { intervalFactor: 1, isStretched: false };
  #toldAt = -Infinity;

  /** @returns what to tell, when the plan differs from what was told last. */
  next(plan: StretchPlan, limitCores: number, nowMs: number): StretchNotice | undefined {
    const { intervalFactor, stretchFactor } = plan;
    const isStretched = stretchFactor >= (this.#told.isStretched ? toldUntil : toldFrom);
    const told = this.#told;
    const isSame = told.intervalFactor === intervalFactor && told.isStretched === isStretched;
    if (isSame || nowMs - this.#toldAt < quietMs) return undefined;
    this.#told = { intervalFactor, isStretched };
    this.#toldAt = nowMs;
    return {
      severity: intervalFactor > 1 ? 'warning' : 'info',
      message: messageOf({ intervalFactor, isStretched, stretchFactor }, limitCores),
      attributes: {
        interval_factor: String(intervalFactor),
        slow_interval_factor: stretchFactor.toFixed(2),
        cpu_budget_cores: String(limitCores),
      },
    };
  }
}

interface Stretched {
  readonly intervalFactor: number;
  readonly isStretched: boolean;
  readonly stretchFactor: number;
}

function messageOf(stretched: Stretched, limitCores: number): string {
  const budget = `the budget of ${limitCores} cores for statistics (collector.stats.cpu_budget)`;
  if (stretched.intervalFactor > 1) {
    return `Containers are sampled ${stretched.intervalFactor} times less often than asked: ${budget} is too small for their number.`;
  }
  if (stretched.isStretched) {
    const times = stretched.stretchFactor.toFixed(1);
    return `Slow values of containers are read ${times} times less often than asked, to keep to ${budget}.`;
  }
  return `Containers are sampled as often as asked again, within ${budget}.`;
}
