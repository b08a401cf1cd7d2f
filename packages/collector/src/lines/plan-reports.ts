/** Says once for each log what was asked for its lines and cannot be done. */
import type { EventRow } from '@plimsoll/model';
import type { Clock, Logger } from '@plimsoll/runtime';
import { makeEvent } from '../events.ts';
import type { LinePlan } from './line-plans.ts';
import type { LogOwner } from './line-settings.ts';

export interface PlanReportsOptions {
  clock: Clock;
  logger: Logger;
  onEvent: (event: EventRow) => void;
  /** Logs that are not read, with the reason. */
  problems: Map<string, string>;
}

export class PlanReports {
  readonly #options: PlanReportsOptions;
  readonly #told = new Map<string, string>();

  constructor(options: PlanReportsOptions) {
    this.#options = options;
  }

  report({ id, name, owner }: { id: string; name: string; owner: LogOwner }, plan: LinePlan): void {
    const { logger, problems } = this.#options;
    const text = plan.problems.join('; ');
    if (text === (this.#told.get(id) ?? '')) return;
    if (text === '') this.#told.delete(id);
    else this.#told.set(id, text);
    if (plan.withheldBecause === null) {
      problems.delete(name);
      if (text !== '') {
        logger.warn({ log: name, problem: text }, 'A rule for the lines of a log was left out.');
      }
      return;
    }
    problems.set(name, plan.withheldBecause);
    logger.error(
      { log: name, problem: text },
      'A log is not read: it cannot be redacted as asked.',
    );
    this.#tell(name, owner, plan.withheldBecause);
  }

  /** The log is gone, and what was wrong with it. */
  forget({ id, name }: { id: string; name: string }): void {
    if (this.#told.delete(id)) this.#options.problems.delete(name);
  }

  #tell(name: string, { labels }: LogOwner, reason: string): void {
    const { clock, onEvent } = this.#options;
    onEvent(
      makeEvent({
        labels,
        timeMs: clock.now(),
        kind: 'log_withheld',
        severity: 'error',
        message: `The log ${name} is not read, as it cannot be redacted as asked: ${reason}.`,
        attributes: { source: 'collector', reason: 'redaction', path: name, problem: reason },
        occurrence: `redaction ${name} ${reason}`,
      }),
    );
  }
}
