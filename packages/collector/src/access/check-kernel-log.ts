import { codeOf } from '@plimsoll/runtime';
import { openKmsg } from '../kernel/kmsg-source.ts';
import { fine, type Finding } from './finding.ts';
import type { OwnProcess } from './own-process.ts';

const subject = 'kernel log';

/** Opens it as the collector does, reads one record and closes it. */
export function checkKernelLog(path: string, own: OwnProcess): Finding {
  try {
    const source = openKmsg(path);
    try {
      source.read();
    } finally {
      source.close();
    }
    return fine(subject, `${path} can be read`);
  } catch (error) {
    const code = codeOf(error) ?? String(error);
    const isDenied = code === 'EPERM' || code === 'EACCES';
    return {
      subject,
      level: 'warn',
      message: isDenied ? `${path} may not be read (${code})` : `${path} is not here (${code})`,
      lost: 'OOM kills with the killed process, and kernel errors',
      remedy:
        isDenied && !own.capabilities.has('SYSLOG')
          ? 'give CAP_SYSLOG, and the device to a container (--device /dev/kmsg)'
          : `give the device to the container (--device ${path}), or set collector.roots.kmsg`,
    };
  }
}
