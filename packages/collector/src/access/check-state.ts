import { accessSync, constants, existsSync, statfsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { codeOf, formatQuantity } from '@plimsoll/runtime';
import type { Config } from '@plimsoll/runtime';
import { fine, type Finding } from './finding.ts';
import type { OwnProcess } from './own-process.ts';

/** A checkpoint is far smaller; below this others on the disk are about to fail too. */
const leastFreeBytes = 64 * 1024 * 1024;

/** Whether positions can be kept. A folder that is not there yet is judged by where it will be. */
export function checkDataFolder(folder: string): Finding {
  const subject = 'data folder';
  const lost = 'nothing at first; after a restart lines are read and sent again';
  let existing = resolve(folder);
  while (!existsSync(existing) && existing !== dirname(existing)) existing = dirname(existing);
  try {
    accessSync(existing, constants.W_OK | constants.X_OK);
    const { bavail, bsize, ffree, files } = statfsSync(existing);
    const free = formatQuantity(bavail * bsize, 'size');
    if (bavail * bsize < leastFreeBytes || (files > 0 && ffree === 0)) {
      const message = `${existing} has ${free} and ${ffree} inodes free`;
      return { subject, level: 'fail', message, lost, remedy: 'free space on that disk' };
    }
    const state = existing === resolve(folder) ? '' : ', which will be made';
    return fine(subject, `${folder}${state}`);
  } catch (error) {
    const message = `${existing} cannot be written (${codeOf(error) ?? String(error)})`;
    const remedy = 'mount a volume there, or give this user the folder; data_dir names another';
    return { subject, level: 'fail', message, lost, remedy };
  }
}

/** Descriptors of log files, and of control groups of a host with many containers. */
export function checkOpenFiles(config: Config['collector'], { maxOpenFiles }: OwnProcess): Finding {
  const subject = 'open files';
  const wanted = 2 * config.logs.max_open_files;
  if (maxOpenFiles >= wanted) return fine(subject, `this process may have ${maxOpenFiles}`);
  return {
    subject,
    level: 'warn',
    message: `this process may have ${maxOpenFiles}, expected ${wanted}`,
    lost: 'nothing; with many containers files are opened again for each look, which costs CPU',
    remedy: `raise the limit (ulimit -n ${wanted}, LimitNOFILE=, --ulimit nofile=${wanted})`,
  };
}
