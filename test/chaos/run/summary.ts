/** The last line of a run, for people and programs. */
import type { Verdict } from '../checker/verdict.ts';

export type Summary = Pick<Verdict, 'missing' | 'doubled' | 'disordered' | 'altered' | 'lines'> & {
  faults: number;
};

export function renderSummary(summary: Summary): string {
  const { missing, doubled, disordered, altered, faults, lines } = summary;
  return `missing=${missing} doubled=${doubled} disordered=${disordered} altered=${altered} faults=${faults} lines=${lines}`;
}

const pattern =
  /^missing=(\d+) doubled=(\d+) disordered=(\d+) altered=(\d+) faults=(\d+) lines=(\d+)$/;

/** Null when it is not such a line. */
export function parseSummary(line: string): Summary | null {
  const found = pattern.exec(line)?.slice(1).map(Number);
  if (!found) return null;
  const [missing = 0, doubled = 0, disordered = 0, altered = 0, faults = 0, lines = 0] = found;
  return { missing, doubled, disordered, altered, faults, lines };
}
