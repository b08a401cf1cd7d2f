/** Compares what was observed of a container with what its fixture demands. */
import type { ContainerStatsValue, EventRow, TargetRow } from '@plimsoll/model';
import type { FaultCheck, FaultFixture } from './fault-fixtures.ts';

/** A row of container_stats as it was published. */
export type Sample = Readonly<Record<string, unknown>>;

export interface Observed {
  /** In the order of their time, without those of the first seconds. */
  readonly samples: readonly Sample[];
  readonly events: readonly EventRow[];
  /** In the order in which they came. */
  readonly targets: readonly TargetRow[];
}

/** A sentence for each demand that was not met. */
export function unmetChecks(fixture: FaultFixture, observed: Observed, version: 1 | 2): string[] {
  const checks = [...fixture.checks, ...(version === 2 ? (fixture.checksOnV2 ?? []) : [])];
  return checks
    .map((check) => unmet(check, observed))
    .filter((sentence) => sentence !== undefined)
    .map((sentence) => `${fixture.name}: ${sentence}`);
}

function unmet(check: FaultCheck, observed: Observed): string | undefined {
  if ('event' in check) return unmetEvent(check, observed.events);
  if ('target' in check) return unmetTarget(check.target, observed.targets.at(-1));
  if ('restarts' in check) return unmetRestarts(check.restarts, observed.targets);
  if ('of' in check) return unmetShare(check, observed.samples);
  return unmetValue(check, numbersOf(observed.samples, check.value));
}

function unmetValue(
  check: Extract<FaultCheck, { value: ContainerStatsValue }>,
  numbers: readonly number[],
): string | undefined {
  const { value } = check;
  if (numbers.length < 2) return `expected samples of ${value}, got ${numbers.length}`;
  const least = Math.min(...numbers);
  const most = Math.max(...numbers);
  const growth = growthOf(numbers);
  const seen = `got ${numbers[0]} … ${numbers.at(-1)} (${least} to ${most})`;
  if ('grows' in check && !(growth >= check.grows)) {
    return `expected ${value} to grow by ${check.grows}, ${seen}`;
  }
  if ('staysWithin' in check && !(most - least <= check.staysWithin)) {
    return `expected ${value} to stay within ${check.staysWithin}, ${seen}`;
  }
  if ('reaches' in check && !(most >= check.reaches)) {
    return `expected ${value} to reach ${check.reaches}, ${seen}`;
  }
  if ('staysBelow' in check && !(most < check.staysBelow)) {
    return `expected ${value} to stay below ${check.staysBelow}, ${seen}`;
  }
  return undefined;
}

function unmetShare(
  check: Extract<FaultCheck, { of: ContainerStatsValue }>,
  samples: readonly Sample[],
): string | undefined {
  const part = growthOf(numbersOf(samples, check.value));
  const whole = growthOf(numbersOf(samples, check.of));
  if (part / whole >= check.share) return undefined;
  return `expected ${check.value} to be ${check.share} of ${check.of}, got ${part} of ${whole}`;
}

function unmetEvent(
  check: Extract<FaultCheck, { event: string }>,
  events: readonly EventRow[],
): string | undefined {
  const wanted = Object.entries(check.attributes ?? {});
  const found = events.filter(
    ({ kind, attributes }) =>
      kind === check.event && wanted.every(([name, value]) => attributes[name] === value),
  ).length;
  if ('atLeast' in check && found < check.atLeast) {
    return `expected ${check.atLeast} events ${check.event}, got ${found} of ${kindsOf(events)}`;
  }
  if ('atMost' in check && found > check.atMost) {
    return `expected at most ${check.atMost} events ${check.event}, got ${found}`;
  }
  return undefined;
}

function kindsOf(events: readonly EventRow[]): string {
  return JSON.stringify(events.map(({ kind, attributes }) => ({ kind, ...attributes })));
}

function unmetTarget(wanted: Partial<TargetRow>, last: TargetRow | undefined): string | undefined {
  if (!last) return 'expected a description of it, got none';
  const entries = new Map<string, unknown>(Object.entries(last));
  const differing = Object.entries(wanted).filter(([name, value]) => entries.get(name) !== value);
  if (differing.length === 0) return undefined;
  const seen = Object.fromEntries(differing.map(([name]) => [name, entries.get(name)]));
  return `expected ${JSON.stringify(Object.fromEntries(differing))}, got ${JSON.stringify(seen)}`;
}

/** None means none; otherwise at least so many. */
function unmetRestarts(wanted: number, targets: readonly TargetRow[]): string | undefined {
  const most = Math.max(...targets.map((target) => target.restart_count));
  const isMet = wanted === 0 ? most === 0 : most >= wanted;
  return isMet ? undefined : `expected ${wanted} restarts, got ${most}`;
}

function growthOf(numbers: readonly number[]): number {
  return (numbers.at(-1) ?? NaN) - (numbers[0] ?? NaN);
}

function numbersOf(samples: readonly Sample[], value: ContainerStatsValue): number[] {
  return samples.map((sample) => sample[value]).filter((found) => typeof found === 'number');
}
