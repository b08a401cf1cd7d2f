/** One thing that was looked at: how it is, what is not collected because of it, and what to do. */
export interface Finding {
  /** What it is about: `Docker`, `kernel log`. */
  subject: string;
  /** `warn`: something is not collected. `fail`: the collector cannot do its work. */
  level: 'ok' | 'warn' | 'fail';
  /** How it is, in one sentence without a full stop. */
  message: string;
  /** What is not collected then; empty when all is well. */
  lost: string;
  /** Empty when there is nothing to do. */
  remedy: string;
}

export function fine(subject: string, message: string): Finding {
  return { subject, level: 'ok', message, lost: '', remedy: '' };
}

/** One line: `kernel log: /dev/kmsg may not be read (EPERM); not collected: …; what to do: …`. */
export function describeFinding({ subject, message, lost, remedy }: Finding): string {
  const parts = [`${subject}: ${message}`];
  if (lost !== '') parts.push(`not collected: ${lost}`);
  if (remedy !== '') parts.push(`what to do: ${remedy}`);
  return parts.join('; ');
}
