/** What the checker found. */

export type Violation = 'missing' | 'doubled' | 'disordered' | 'altered';

export interface Verdict {
  missing: number;
  doubled: number;
  disordered: number;
  altered: number;
  /** Rows that ledgers promise. */
  lines: number;
  /** Rows that are stored. */
  rows: number;
  /** Units that were open for too long to be judged (see the ledger). */
  late: number;
  /** The first of each kind, in words. */
  examples: Record<Violation, string[]>;
}

/** Kept of each kind. */
const maxExamples = 20;

export class VerdictBuilder {
  readonly verdict: Verdict = {
    missing: 0,
    doubled: 0,
    disordered: 0,
    altered: 0,
    lines: 0,
    rows: 0,
    late: 0,
    examples: { missing: [], doubled: [], disordered: [], altered: [] },
  };

  count(violation: Violation, what: () => string, times = 1): void {
    this.verdict[violation] += times;
    const examples = this.verdict.examples[violation];
    if (examples.length < maxExamples) examples.push(what());
  }
}

export function isClean({ missing, doubled, disordered, altered }: Verdict): boolean {
  return missing + doubled + disordered + altered === 0;
}
