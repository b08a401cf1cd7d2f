import type { Severity } from '@plimsoll/model';

/** A letter and a word for each: colour is never the only sign. Least first, as they are stacked. */
export const severityLooks: readonly {
  severity: Severity;
  letter: string;
  title: string;
  tone: string;
}[] = [
  { severity: '', letter: '·', title: 'none found', tone: 'none' },
  { severity: 'trace', letter: 'T', title: 'trace', tone: 'none' },
  { severity: 'debug', letter: 'D', title: 'debug', tone: 'none' },
  { severity: 'info', letter: 'I', title: 'info', tone: 'info' },
  { severity: 'warn', letter: 'W', title: 'warn', tone: 'warn' },
  { severity: 'error', letter: 'E', title: 'error', tone: 'error' },
  { severity: 'fatal', letter: 'F', title: 'fatal', tone: 'error' },
];

const plain = { severity: '' as Severity, letter: '·', title: 'none found', tone: 'none' };

export function severityLook(severity: Severity): (typeof severityLooks)[number] {
  return severityLooks.find((look) => look.severity === severity) ?? plain;
}
