/**
 * kill -9 of the all-in-one process at random moments while lines are written. Afterwards each
 * line must be there once: none missing, none doubled.
 */
import { appendFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { type DockerDaemon, dockerMissing, startDocker } from '../harness/docker-daemon.ts';
import { eventually } from '../harness/eventually.ts';
import { type PlimsollProcess, startPlimsoll } from '../harness/plimsoll-process.ts';
import { randomFrom } from '../harness/random.ts';
import { isSkipped } from '../harness/requirement.ts';

const kills = 10;
const seed = Number(process.env['PLIMSOLL_TEST_SEED'] ?? Date.now() % 1_000_000);
const dockerLines = 40_000;

describe.skipIf(isSkipped(dockerMissing()))(`kill -9, ten times (seed ${seed})`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-kill-'));
  let docker: DockerDaemon | undefined;
  let plimsoll: PlimsollProcess | undefined;

  afterAll(async () => {
    await plimsoll?.end('SIGTERM');
    await docker?.stop();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  it('loses no line and doubles none', { timeout: 300_000 }, async () => {
    const random = randomFrom(seed);
    docker = await startDocker(join(folder, 'docker'));
    const logs = join(folder, 'logs');
    mkdirSync(logs);
    const options = {
      folder: join(folder, 'plimsoll'),
      config: {
        collector: {
          docker: { socket: docker.socket },
          logs: { files: [join(logs, '*.log')] },
          stats: { interval: '1s' },
        },
      },
    };
    // 100 lines every 100 ms for 40 s, and a rotation at each megabyte.
    const container = docker.run(
      ['--name', 'numbered', '--log-opt', 'max-size=1m', '--log-opt', 'max-file=50'],
      `n=0; while [ $n -lt ${dockerLines / 100} ]; do
         awk -v a=$((n*100+1)) 'BEGIN { for (i = a; i < a + 100; i++)
           print "docker line " i " padded to some eighty characters .............." }'
         n=$((n+1)); sleep 0.1; done; sleep 3600`,
    );
    const writer = writeRotatedFile(join(logs, 'plain.log'));
    for (let kill = 0; kill < kills; kill++) {
      plimsoll = await startPlimsoll(options);
      await sleep(200 + random() * 3000);
      await plimsoll.end('SIGKILL');
    }
    plimsoll = await startPlimsoll(options);
    const plainLines = writer.finish();
    for (const [name, expected, where] of [
      ['docker', dockerLines, `container_id = '${container}'`],
      ['plain', plainLines, `container_id = ''`],
    ] as const) {
      const stored = await settled(plimsoll, where, expected);
      expect(stored, `${name} lines, seed ${seed}`).toEqual({
        rows: expected,
        distinct: expected,
        first: 1,
        last: expected,
      });
    }
  });
});

interface Stored {
  rows: number;
  distinct: number;
  first: number;
  last: number;
}

/** Waits until all lines are there, and a little longer for any that might come twice. */
async function settled(
  plimsoll: PlimsollProcess,
  where: string,
  expected: number,
): Promise<Stored> {
  const count = async (): Promise<Stored> => {
    const number = `toUInt64OrZero(extract(message, 'line (\\\\d+) '))`;
    const rows = await plimsoll.sql(
      `SELECT count(), uniqExact(${number}), min(${number}), max(${number}) FROM logs WHERE ${where}`,
    );
    const [total, distinct, first, last] = (rows[0] ?? []).map(Number);
    return { rows: total ?? 0, distinct: distinct ?? 0, first: first ?? 0, last: last ?? 0 };
  };
  await eventually(`${expected} distinct lines where ${where}`, 90_000, async () => {
    return (await count()).distinct >= expected;
  }).catch(() => undefined);
  await sleep(3000);
  return count();
}

/** Writes numbered lines as a program would that rotates its own file by renaming. */
function writeRotatedFile(file: string): { finish: () => number } {
  let next = 1;
  let generation = 0;
  const timer = setInterval(() => {
    let text = '';
    for (let i = 0; i < 50; i++) text += `plain line ${next++} with a little padding behind it\n`;
    appendFileSync(file, text);
    if (statSync(file).size > 400_000) renameSync(file, `${file}.${++generation}`);
  }, 50);
  return {
    finish: () => {
      clearInterval(timer);
      return next - 1;
    },
  };
}
