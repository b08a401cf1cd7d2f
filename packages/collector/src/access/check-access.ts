/**
 * What this process can reach of the host, what is not collected because of what it cannot, and what
 * to do. The same is said by `doctor`, at start in the log, and as reasons of `/readyz`.
 */
import type { Config } from '@plimsoll/runtime';
import { checkCgroups } from './check-cgroups.ts';
import { checkDocker } from './check-docker.ts';
import { checkKernelLog } from './check-kernel-log.ts';
import { checkKubernetes } from './check-kubernetes.ts';
import { checkProc } from './check-proc.ts';
import { checkDataFolder, checkOpenFiles } from './check-state.ts';
import { fine, type Finding } from './finding.ts';
import { readOwnProcess, type OwnProcess } from './own-process.ts';

export interface AccessOptions {
  config: Config['collector'];
  /** Where positions are kept. */
  dataDir: string;
  signal: AbortSignal;
  own?: OwnProcess;
}

/** Changes nothing, and takes no longer than the Docker probe's deadlines. Never rejects. */
export async function checkAccess(options: AccessOptions): Promise<Finding[]> {
  const { config, dataDir, signal, own = readOwnProcess() } = options;
  const { roots } = config;
  return [
    describeOwn(own),
    ...checkProc(roots.proc, own),
    checkCgroups(roots),
    ...(await checkDocker(config, signal)),
    ...checkKubernetes(config),
    checkKernelLog(roots.kmsg, own),
    checkOpenFiles(config, own),
    checkDataFolder(dataDir),
  ];
}

/** The capabilities that make a difference to a collector. */
const usefulCapabilities = ['DAC_READ_SEARCH', 'SYS_PTRACE', 'SYSLOG'];

function describeOwn({ userId, capabilities }: OwnProcess): Finding {
  const held = usefulCapabilities.filter((name) => capabilities.has(name));
  const list = held.length === 0 ? 'none' : held.map((name) => `CAP_${name}`).join(', ');
  return fine('this process', `user ${userId}, of use here: ${list}`);
}
