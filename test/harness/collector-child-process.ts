/** Starts and asks the process of collector-child.ts. */
import { fork } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { collectorSettings } from '@plimsoll/agent/process-settings';
import type { NumberedSummary } from './numbered-lines.ts';

export interface ChildAccount {
  rssBytes: number;
  descriptors: number;
  containers: number;
  lagBytes: number;
  dropped: Record<string, number>;
  events: Record<string, number>;
  lines: NumberedSummary;
}

export interface CollectorChild {
  pid: number;
  ask(): Promise<ChildAccount>;
  /** Ends it in order; its last account. */
  stop(): Promise<ChildAccount>;
  kill(): void;
}

/**
 * The child decodes frames, which a collector does not: in threads of the pool, whose allocators keep
 * what they had. With this it goes back to the system, and what stays is the collector's.
 */
const returnsMemory = { MALLOC_MMAP_THRESHOLD_: '262144' };

const program = join(import.meta.dirname, 'collector-child.ts');

export async function startCollectorChild(
  folder: string,
  config: Record<string, unknown>,
): Promise<CollectorChild> {
  mkdirSync(folder, { recursive: true });
  const child = fork(program, [JSON.stringify(config), join(folder, 'state')], {
    execArgv: ['--expose-gc', ...collectorSettings.flags],
    env: { ...process.env, ...collectorSettings.env, ...returnsMemory },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const next = async (): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const onExit = (code: number | null): void => {
        reject(new Error(`the collector's process ended with ${String(code)}`));
      };
      child.once('exit', onExit);
      child.once('message', (message) => {
        child.off('exit', onExit);
        resolve(message);
      });
    });
  const ask = async (word: 'account' | 'stop'): Promise<ChildAccount> => {
    const answer = next();
    child.send(word);
    // What our own process sent.
    return (await answer) as ChildAccount;
  };
  await next();
  return {
    pid: child.pid ?? 0,
    ask: () => ask('account'),
    stop: () => ask('stop'),
    kill: () => child.kill('SIGKILL'),
  };
}
