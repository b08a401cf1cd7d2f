/**
 * How the lines of each log are to be looked at, worked out again when its labels have changed.
 *
 * A pattern that does not compile never goes unseen. Of a redaction: nothing of the log is read until
 * it is mended, as nothing else keeps the secret on the host; the file waits, and what rotation
 * takes meanwhile is counted. Of a multi-line rule: lines are shipped as they are.
 */
import { limits } from '@plimsoll/model';
import type { RecordProcessor } from '../tail/record-processor.ts';
import { JoinRule } from './join-rule.ts';
import { LineProcessor, type LineProcessorOptions, type Withheld } from './line-processor.ts';
import { lineSettings, type LineRules, type LineSettings, type LogOwner } from './line-settings.ts';
import { Pattern } from './pattern/pattern.ts';
import type { RedactRule } from './redactor.ts';

export interface LinePlan {
  /** Null: the bytes are shipped as they are. */
  processor: RecordProcessor | null;
  /** The log is not read: somebody asked so, or {@link withheldBecause}. */
  isExcluded: boolean;
  /** What keeps a log from being read that is to be redacted; null when nothing does. */
  withheldBecause: string | null;
  /** What was asked and cannot be done, for people. */
  problems: readonly string[];
}

export interface LinePlansOptions {
  rules: LineRules;
  onWithheld: (owner: LogOwner, withheld: Withheld) => void;
}

type Format = LineProcessorOptions['format'];

/** Parts of a line that Docker or CRI split wait as long for the last one. */
const partsWaitMs = 5000;
/** A record lies within one block, with room for what another stream wrote in between. */
const maxJoinedBytes = limits.maxRecordBytes / 2;

export class LinePlans {
  readonly #options: LinePlansOptions;
  readonly #plans = new Map<string, { key: string; owner: LogOwner; plan: LinePlan }>();
  readonly #patterns = new Map<string, Pattern | Error>();

  constructor(options: LinePlansOptions) {
    this.#options = options;
  }

  /** The same plan, with the same processor and its quota, as long as the same is asked. */
  of(id: string, owner: LogOwner, format: Format): LinePlan {
    const settings = lineSettings(owner, this.#options.rules);
    const key = JSON.stringify([format, settings]);
    const known = this.#plans.get(id);
    if (known?.key === key) {
      known.owner = owner;
      return known.plan;
    }
    const entry = { key, owner, plan: nothingToDo };
    entry.plan = this.#make(settings, format, (withheld) => {
      this.#options.onWithheld(entry.owner, withheld);
    });
    this.#plans.set(id, entry);
    return entry.plan;
  }

  forget(id: string): void {
    this.#plans.delete(id);
    if (this.#plans.size === 0) this.#patterns.clear();
  }

  #make(
    settings: LineSettings,
    format: Format,
    onWithheld: (withheld: Withheld) => void,
  ): LinePlan {
    const problems = [...settings.problems];
    const redact = this.#redactRules(settings, problems);
    if (settings.isUnsafe || redact === null) {
      return {
        processor: null,
        isExcluded: true,
        withheldBecause: problems.join('; '),
        problems,
      };
    }
    const join = this.#joinRule(settings, problems);
    const { isExcluded, quotaBytesPerSecond, multiline } = settings;
    const isNeeded = !isExcluded && (join !== null || redact.length > 0 || quotaBytesPerSecond > 0);
    const maxWaitMs = join && multiline ? multiline.max_wait : partsWaitMs;
    const processor = isNeeded
      ? new LineProcessor({ format, join, redact, quotaBytesPerSecond, maxWaitMs, onWithheld })
      : null;
    return { processor, isExcluded, withheldBecause: null, problems };
  }

  /** Null when one of them cannot be applied. */
  #redactRules({ redact }: LineSettings, problems: string[]): RedactRule[] | null {
    const rules: RedactRule[] = [];
    for (const { pattern: source, replacement } of redact) {
      const pattern = this.#compile(source);
      if (pattern instanceof Error) problems.push(`redact: ${pattern.message}`);
      else rules.push({ pattern, replacement });
    }
    return rules.length < redact.length ? null : rules;
  }

  #joinRule({ multiline }: LineSettings, problems: string[]): JoinRule | null {
    if (multiline === null) return null;
    const start = this.#optional('multiline.start', multiline.start, problems);
    const goesOn = this.#optional('multiline.continue', multiline.continue, problems);
    if (start === 'broken' || goesOn === 'broken' || (start ?? goesOn) === null) return null;
    return new JoinRule({
      start,
      goesOn,
      maxLines: multiline.max_lines,
      maxBytes: Math.min(multiline.max_bytes, maxJoinedBytes),
    });
  }

  #optional(
    name: string,
    source: string | undefined,
    problems: string[],
  ): Pattern | null | 'broken' {
    if (source === undefined) return null;
    const pattern = this.#compile(source);
    if (!(pattern instanceof Error)) return pattern;
    problems.push(`${name}: ${pattern.message}`);
    return 'broken';
  }

  #compile(source: string): Pattern | Error {
    const known = this.#patterns.get(source);
    if (known) return known;
    let compiled: Pattern | Error;
    try {
      compiled = Pattern.compile(source);
    } catch (error) {
      compiled = error instanceof Error ? error : new Error(String(error));
    }
    this.#patterns.set(source, compiled);
    return compiled;
  }
}

const nothingToDo: LinePlan = {
  processor: null,
  isExcluded: false,
  withheldBecause: null,
  problems: [],
};

/** Every pattern of the configuration that does not compile, by its rule. */
export function findRuleProblems({ rules }: LineRules): string[] {
  return rules.flatMap(({ multiline, redact = [] }, index) => {
    const patterns: [string, string | undefined][] = [
      ['multiline.start', multiline?.start],
      ['multiline.continue', multiline?.continue],
      ...redact.map(({ pattern }, at): [string, string] => [`redact[${at}].pattern`, pattern]),
    ];
    return patterns.flatMap(([name, source]) => {
      try {
        if (source !== undefined) Pattern.compile(source);
        return [];
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        return [`collector.logs.rules[${index}].${name}: ${reason}`];
      }
    });
  });
}
