import type { Finding, Rule } from '@plimsoll/detect';
import { advance, type AdvanceTime } from './advance.ts';
import { isActive, type Alert, type Transition } from './alert.ts';

/** A firing alert is resolved after this many evaluations in a row that did not find it. */
const resolveAfter = 2;
/** How often the value and evidence of an alert that stays as it is are stored again. */
const refreshMs = 60_000;

export interface RuleOutcome {
  /** Alerts whose stored row must be replaced. */
  changed: Alert[];
  transitions: Transition[];
}

export interface Observed {
  findings: readonly Finding[];
  /** Hosts of which nothing is known at present. */
  silentHosts: ReadonlySet<string>;
  time: AdvanceTime;
}

/** All alerts that are pending or firing, and those resolved since the start. In memory only. */
export class AlertBook {
  readonly #alerts = new Map<string, Alert>();
  readonly #storedAt = new Map<string, number>();

  restore(alerts: readonly Alert[]): void {
    for (const alert of alerts) {
      this.#alerts.set(keyOf(alert.rule, alert.fingerprint), alert);
      this.#storedAt.set(keyOf(alert.rule, alert.fingerprint), alert.updatedAt);
    }
  }

  /** Applies what one evaluation of one rule found to all alerts of that rule. */
  apply(rule: Rule, observed: Observed): RuleOutcome {
    const policy = { rule: rule.name, severity: rule.severity, forMs: rule.forMs, resolveAfter };
    const outcome: RuleOutcome = { changed: [], transitions: [] };
    const seen = new Set<string>();
    for (const finding of observed.findings) {
      const key = keyOf(rule.name, finding.fingerprint);
      if (seen.has(key)) continue;
      seen.add(key);
      const result = advance(
        this.#alerts.get(key),
        { kind: 'found', finding },
        { policy, time: observed.time },
      );
      this.#keep(key, result, outcome);
    }
    for (const alert of this.ofRule(rule.name)) {
      const key = keyOf(rule.name, alert.fingerprint);
      if (seen.has(key)) continue;
      const isUnknown =
        rule.holdsWhileSilent && observed.silentHosts.has(alert.labels['host'] ?? '');
      const result = advance(
        alert,
        { kind: isUnknown ? 'unknown' : 'absent' },
        { policy, time: observed.time },
      );
      this.#keep(key, result, outcome);
    }
    return outcome;
  }

  /** Ends every alert of rules that are not evaluated any more. */
  retire(ruleNames: ReadonlySet<string>, nowMs: number): RuleOutcome {
    const outcome: RuleOutcome = { changed: [], transitions: [] };
    for (const [key, alert] of this.#alerts) {
      if (ruleNames.has(alert.rule) || !isActive(alert)) continue;
      const policy = { rule: alert.rule, severity: alert.severity, forMs: 0, resolveAfter: 1 };
      const time = { nowMs, elapsedMs: 0 };
      this.#keep(key, advance(alert, { kind: 'absent' }, { policy, time }), outcome);
    }
    return outcome;
  }

  active(): Alert[] {
    return [...this.#alerts.values()].filter(isActive);
  }

  ofRule(rule: string): Alert[] {
    return [...this.#alerts.values()].filter((alert) => alert.rule === rule && isActive(alert));
  }

  #keep(key: string, result: ReturnType<typeof advance>, outcome: RuleOutcome): void {
    const { alert, transition, isChanged } = result;
    if (!alert) return;
    if (isActive(alert)) this.#alerts.set(key, alert);
    else this.#alerts.delete(key);
    if (transition) outcome.transitions.push(transition);
    const isStale = alert.updatedAt - (this.#storedAt.get(key) ?? 0) >= refreshMs;
    if (!transition && !(isChanged && isStale)) return;
    outcome.changed.push(alert);
    if (isActive(alert)) this.#storedAt.set(key, alert.updatedAt);
    else this.#storedAt.delete(key);
  }
}

function keyOf(rule: string, fingerprint: string): string {
  return `${rule}/${fingerprint}`;
}
