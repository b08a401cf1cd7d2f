/**
 * What is asked for the lines of one log: by the first rule of the configuration that fits, and by
 * the container's own labels. Pure.
 *
 * Labels go before the rule, and never lift what the operator asks: how lines are joined is the label's
 * where it says so; redactions of both are applied; the smaller quota holds; either can exclude.
 *
 *     plimsoll.multiline.start, plimsoll.multiline.continue    a pattern
 *     plimsoll.redact                                          a pattern, or a JSON array of patterns
 *     plimsoll.quota.bytes_per_second                          4096, 64KiB, 1MiB
 *     plimsoll.exclude                                         true or false
 */
import type { TargetLabels } from '@plimsoll/model';
import type { Config } from '@plimsoll/runtime';
import { matchesContainer } from '../discovery/container-match.ts';

/** The container, or the file, that a log is of. */
export interface LogOwner {
  labels: TargetLabels;
  dockerLabels: Readonly<Record<string, string>>;
}

export type LineRules = Pick<Config['collector']['logs'], 'rules' | 'labels'>;
type LogRule = LineRules['rules'][number];

export interface LineSettings {
  isExcluded: boolean;
  multiline: NonNullable<LogRule['multiline']> | null;
  redact: { pattern: string; replacement: string }[];
  /** 0: none. */
  quotaBytesPerSecond: number;
  /** What was asked and cannot be read: `label plimsoll.…: expected …, got …`. */
  problems: string[];
  /** A redaction was asked that cannot be read: nothing may leave the host. */
  isUnsafe: boolean;
}

const multilineDefaults = { max_lines: 500, max_bytes: 256 * 1024, max_wait: 2000 };
const sizeUnits: Readonly<Record<string, number>> = { '': 1, KiB: 2 ** 10, MiB: 2 ** 20 };

export function lineSettings(owner: LogOwner, { rules, labels }: LineRules): LineSettings {
  const rule = rules.find(({ match }) => matchesContainer(match, owner.labels, owner.dockerLabels));
  const settings: LineSettings = {
    isExcluded: rule?.exclude === true,
    multiline: rule?.multiline ?? null,
    redact: [...(rule?.redact ?? [])],
    quotaBytesPerSecond: rule?.quota ?? 0,
    problems: [],
    isUnsafe: false,
  };
  if (labels) addLabels(settings, owner.dockerLabels);
  return settings;
}

function addLabels(settings: LineSettings, labels: Readonly<Record<string, string>>): void {
  const start = labels['plimsoll.multiline.start'];
  const goesOn = labels['plimsoll.multiline.continue'];
  if (start || goesOn) {
    settings.multiline = {
      ...multilineDefaults,
      ...(start && { start }),
      ...(goesOn && { continue: goesOn }),
    };
  }
  addRedactions(settings, labels['plimsoll.redact']);
  addQuota(settings, labels['plimsoll.quota.bytes_per_second']);
  addExclusion(settings, labels['plimsoll.exclude']);
}

function addRedactions(settings: LineSettings, label: string | undefined): void {
  if (label === undefined || label === '') return;
  const patterns = readPatterns(label);
  if (patterns === null) {
    settings.isUnsafe = true;
    settings.problems.push(
      `label plimsoll.redact: expected a pattern or a JSON array of patterns, got ${JSON.stringify(label)}`,
    );
    return;
  }
  for (const pattern of patterns) settings.redact.push({ pattern, replacement: '[redacted]' });
}

/** A pattern may begin with a bracket too; with a bracket and a quote an array is meant. */
function readPatterns(label: string): string[] | null {
  if (!/^\s*\[\s*"/.test(label)) return [label];
  try {
    const list: unknown = JSON.parse(label);
    const isList =
      Array.isArray(list) && list.every((each) => typeof each === 'string' && each !== '');
    return isList ? (list as string[]) : null;
  } catch {
    return null;
  }
}

function addQuota(settings: LineSettings, label: string | undefined): void {
  if (label === undefined || label === '') return;
  const match = /^(\d{1,12})\s*([KM]iB)?$/.exec(label.trim());
  const quota = match ? Number(match[1]) * (sizeUnits[match[2] ?? ''] ?? 1) : 0;
  if (quota === 0) {
    settings.problems.push(
      `label plimsoll.quota.bytes_per_second: expected a size above 0 such as 64KiB, got ${JSON.stringify(label)}`,
    );
    return;
  }
  const known = settings.quotaBytesPerSecond;
  settings.quotaBytesPerSecond = known === 0 ? quota : Math.min(known, quota);
}

function addExclusion(settings: LineSettings, label: string | undefined): void {
  if (label === undefined || label === 'false') return;
  if (label === 'true') settings.isExcluded = true;
  else {
    settings.problems.push(
      `label plimsoll.exclude: expected true or false, got ${JSON.stringify(label)}`,
    );
  }
}
