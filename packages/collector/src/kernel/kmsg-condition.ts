import { codeOf, messageOf } from '@plimsoll/runtime';

/** Whether the kernel log is read, and if not, what to do about it. */
export type KmsgCondition =
  | { kind: 'stopped' }
  | { kind: 'reading' }
  | { kind: 'absent'; message: string }
  | { kind: 'not_permitted'; message: string }
  | { kind: 'failed'; message: string };

/** What a failure to open or read the log means. */
export function conditionOf(error: unknown, path: string): KmsgCondition {
  switch (codeOf(error)) {
    case 'ENOENT':
    case 'ENXIO':
    case 'ENODEV':
      return {
        kind: 'absent',
        message: `${path} is not there: OOM kills and kernel errors come from Docker alone`,
      };
    case 'EPERM':
    case 'EACCES':
      return {
        kind: 'not_permitted',
        message: `${path} may not be read: run as root, or give CAP_SYSLOG`,
      };
    default:
      return { kind: 'failed', message: `${path} could not be read: ${messageOf(error)}` };
  }
}
