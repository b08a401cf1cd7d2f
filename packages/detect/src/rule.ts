import type { SelectParameter } from './sql/statement.ts';
import type { Finding } from './finding.ts';

export type RuleSeverity = 'info' | 'warning' | 'critical';

/**
 * What kind of thing a rule tells of: a resource that runs out without end, a limit that is reached or
 * missing, something that does not work, or a blind spot of Plimsoll itself.
 */
export const ruleCategories = ['leak', 'quota', 'health', 'collection'] as const;
export type RuleCategory = (typeof ruleCategories)[number];

/** What one evaluation looks at. */
export interface RuleScope {
  tenant: string;
  /** Milliseconds since 1970. */
  nowMs: number;
  threshold: number;
}

export interface Statement {
  sql: string;
  params: Readonly<Record<string, SelectParameter>>;
}

/**
 * One detector: one statement over the whole fleet, and a pure reading of its rows. The rule does
 * no I/O; whoever evaluates it runs the statement under `timeoutMs` and `maxRows`.
 */
export interface Rule {
  name: string;
  title: string;
  /** What it looks at and when it fires, in a sentence. */
  description: string;
  category: RuleCategory;
  severity: RuleSeverity;
  /** Default threshold, in `unit`; the configuration may set another. */
  threshold: number;
  unit: string;
  /** How long the condition must hold before the alert fires. */
  forMs: number;
  /** Shortest time between two evaluations. */
  intervalMs: number;
  timeoutMs: number;
  maxRows: number;
  /**
   * True where silence of a host is no reason to believe that the condition is over: the alert
   * then keeps its state until the host reports again.
   */
  holdsWhileSilent: boolean;
  statement(scope: RuleScope): Statement;
  findings(rows: readonly unknown[], scope: RuleScope): Finding[];
}

type Defaults = 'intervalMs' | 'timeoutMs' | 'maxRows' | 'holdsWhileSilent';

export interface RuleSource<Row>
  extends Omit<Rule, Defaults | 'findings'>, Partial<Pick<Rule, Defaults>> {
  findings(rows: readonly Row[], scope: RuleScope): Finding[];
}

/** Findings of one rule beyond which the fleet has one cause, and more rows say nothing new. */
const defaultMaxRows = 10_000;

/** Fills in the defaults. `Row` is what the rule's own statement selects, so it is trusted here. */
export function defineRule<Row>(source: RuleSource<Row>): Rule {
  return {
    intervalMs: 15_000,
    timeoutMs: 10_000,
    maxRows: defaultMaxRows,
    holdsWhileSilent: true,
    ...source,
    findings: (rows, scope) => source.findings(rows as readonly Row[], scope),
  };
}
