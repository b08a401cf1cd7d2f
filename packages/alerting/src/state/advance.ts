/**
 * The life of an alert, as a pure function of what one evaluation saw.
 *
 * ```
 *              found                held for `for`             not found, twice
 *  (inactive) ───────▶ pending ───────────────────▶ firing ──────────────────▶ resolved
 *      ▲                  │ not found                  ▲                           │
 *      └──────────────────┘                            └── found: a new episode ───┘
 * ```
 *
 * Invariants: time held is counted by a monotonic clock, so a step of the wall clock neither fires
 * nor resolves anything; `active_at` is the same through an episode; what was not looked at
 * (`unknown`: the host is silent) changes nothing; each change makes `updatedAt` larger.
 */
import type { Finding, RuleSeverity } from '@plimsoll/detect';
import { described, type Alert, type Transition } from './alert.ts';

export type Observation =
  { kind: 'found'; finding: Finding } | { kind: 'absent' } | { kind: 'unknown' };

export interface AdvancePolicy {
  rule: string;
  severity: RuleSeverity;
  forMs: number;
  /** Clean evaluations in a row after which a firing alert is resolved. */
  resolveAfter: number;
}

export interface AdvanceTime {
  /** Wall clock. */
  nowMs: number;
  /** Monotonic time since this rule was evaluated before; 0 the first time. */
  elapsedMs: number;
}

export interface Advanced {
  /** Undefined: there is nothing to remember. */
  alert: Alert | undefined;
  transition: Transition | null;
  /** Whether anything that is stored differs. */
  isChanged: boolean;
}

export function advance(
  alert: Alert | undefined,
  observation: Observation,
  { policy, time }: { policy: AdvancePolicy; time: AdvanceTime },
): Advanced {
  if (observation.kind === 'unknown') return { alert, transition: null, isChanged: false };
  if (observation.kind === 'absent') return absent(alert, policy, time);
  if (!alert || alert.state === 'resolved' || alert.state === 'inactive') {
    return begin(alert, observation.finding, { policy, time });
  }
  return persist(alert, observation.finding, { policy, time });
}

function begin(
  previous: Alert | undefined,
  finding: Finding,
  { policy, time }: { policy: AdvancePolicy; time: AdvanceTime },
): Advanced {
  const at = after(previous, time.nowMs);
  const fires = policy.forMs <= 0;
  const alert: Alert = {
    ...described(finding),
    rule: policy.rule,
    severity: policy.severity,
    state: fires ? 'firing' : 'pending',
    activeAt: at,
    firingAt: fires ? at : null,
    resolvedAt: null,
    updatedAt: at,
    heldMs: 0,
    cleanEvaluations: 0,
  };
  const from = previous?.state === 'resolved' ? 'resolved' : 'inactive';
  return { alert, transition: { from, to: alert.state, alert }, isChanged: true };
}

function persist(
  previous: Alert,
  finding: Finding,
  { policy, time }: { policy: AdvancePolicy; time: AdvanceTime },
): Advanced {
  const at = after(previous, time.nowMs);
  const heldMs = previous.heldMs + Math.max(0, time.elapsedMs);
  const fires = previous.state === 'pending' && heldMs >= policy.forMs;
  const alert: Alert = {
    ...previous,
    ...described(finding),
    severity: policy.severity,
    state: fires ? 'firing' : previous.state,
    firingAt: fires ? at : previous.firingAt,
    updatedAt: at,
    heldMs,
    cleanEvaluations: 0,
  };
  const transition: Transition | null = fires ? { from: 'pending', to: 'firing', alert } : null;
  return { alert, transition, isChanged: true };
}

function absent(previous: Alert | undefined, policy: AdvancePolicy, time: AdvanceTime): Advanced {
  if (!previous || previous.state === 'resolved' || previous.state === 'inactive') {
    return { alert: previous, transition: null, isChanged: false };
  }
  const at = after(previous, time.nowMs);
  if (previous.state === 'pending') {
    const alert: Alert = { ...previous, state: 'inactive', updatedAt: at, heldMs: 0 };
    return { alert, transition: { from: 'pending', to: 'inactive', alert }, isChanged: true };
  }
  const cleanEvaluations = previous.cleanEvaluations + 1;
  if (cleanEvaluations < policy.resolveAfter) {
    return { alert: { ...previous, cleanEvaluations }, transition: null, isChanged: false };
  }
  const alert: Alert = {
    ...previous,
    state: 'resolved',
    resolvedAt: Math.max(at, previous.firingAt ?? at),
    updatedAt: at,
    cleanEvaluations,
  };
  return { alert, transition: { from: 'firing', to: 'resolved', alert }, isChanged: true };
}

/** Now, or just after the last change where the wall clock was set back. */
function after(previous: Alert | undefined, nowMs: number): number {
  return previous ? Math.max(nowMs, previous.updatedAt + 1) : nowMs;
}
