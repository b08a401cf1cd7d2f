/** A small, troubled Docker host and the product watching it: what somebody sees on a first day. */
import { join } from 'node:path';
import { type DockerDaemon, startDocker } from '../harness/docker-daemon.ts';
import { type PlimsollProcess, startPlimsoll } from '../harness/plimsoll-process.ts';

export interface PageScenario {
  docker: DockerDaemon;
  plimsoll: PlimsollProcess;
  /** Container name → id. */
  ids: Record<string, string>;
  stop(): Promise<void>;
}

/** 59 of 64 MiB in shell variables within some seconds, and then still. */
const nearLimitScript = `
piece=$(head -c 1048576 /dev/zero | tr '\\0' x); n=0
while [ $n -lt 59 ]; do eval "v$n=\\$piece"; n=$((n+1)); done
echo "cache is warm"
while :; do sleep 60; done`;

/** Each form that a real program writes: JSON, logfmt, ANSI colours, plain, and a stack trace. */
const chattyScript = `
n=0
while :; do
  n=$((n+1))
  echo "{\\"level\\":\\"info\\",\\"msg\\":\\"order accepted\\",\\"order\\":$n,\\"customer\\":{\\"id\\":\\"c-$n\\",\\"country\\":\\"de\\"}}"
  echo "level=warn msg=\\"slow upstream\\" upstream=payments took=312ms attempt=$n"
  printf '\\033[32mINFO\\033[0m request \\033[1m%s\\033[0m done\\n' "$n"
  echo "2026-01-01T00:00:00Z ERROR payment of order $n timed out after 3000 ms" >&2
  sleep 0.5
done`;

const longName = 'billing-reconciliation-of-foreign-currencies-nightly-worker-7f9c6d5b84-x2kqz-a';
export const hashName = '3f2a9c0d7b1e4f5a8c6d2e0b9a7f4c1d5e8b3a6f0c9d2e7b4a1f8c5d6e3b0a97';

/** `folder` is temporary and is removed at the end, but for what `docker.stop` leaves. */
export async function startPageScenario(folder: string): Promise<PageScenario> {
  const docker = await startDocker(join(folder, 'docker'));
  try {
    const plimsoll = await startPlimsoll({
      folder: join(folder, 'plimsoll'),
      config: {
        collector: {
          host: 'page-host',
          docker: { socket: docker.socket, resync_interval: '5s' },
          stats: { interval: '1s' },
        },
        alerting: { interval: '1s' },
      },
    });
    const ids = runContainers(docker);
    const stop = async (): Promise<void> => {
      await plimsoll.end('SIGTERM');
      await docker.stop();
    };
    return { docker, plimsoll, ids, stop };
  } catch (error) {
    await docker.stop();
    throw error;
  }
}

function runContainers(docker: DockerDaemon): Record<string, string> {
  const ids: Record<string, string> = {};
  const run = (name: string, options: string[], script: string): void => {
    ids[name] = docker.run(['--name', name, ...options], script);
  };
  const memory = (limit: string): string[] => ['-m', limit, '--memory-swap', limit];
  const compose = (service: string, replica: number): string[] =>
    ['project=shop', `service=${service}`, `container-number=${replica}`].flatMap((label) => [
      '--label',
      `com.docker.compose.${label}`,
    ]);
  run('shop-orders-1', [...compose('orders', 1), ...memory('48m')], chattyScript);
  run('shop-orders-2', [...compose('orders', 2), ...memory('48m')], 'echo ready; sleep 3600');
  run('shop-cache-1', [...compose('cache', 1), ...memory('64m')], nearLimitScript);
  run('throttled', ['--cpus', '0.1'], 'while :; do :; done');
  run('killed', memory('16m'), 'sleep 3; tail /dev/zero; while :; do sleep 60; done');
  run(longName, memory('24m'), 'echo "waiting for the night"; sleep 3600');
  run(hashName, [], 'sleep 3600');
  return ids;
}
