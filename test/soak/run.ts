/**
 * Containers started and removed in a loop, for long: is the collector's memory flat, is nothing left?
 *
 *     npm run soak -- [--minutes 10] [--containers 200]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { churn, type ChurnRound } from '../harness/churn.ts';
import { dockerMissing, startDocker } from '../harness/docker-daemon.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    containers: { type: 'string', default: '200' },
  },
});
const missing = dockerMissing();
if (missing !== null) {
  console.error(`A real dockerd is needed: ${missing}.`);
  process.exit(2);
}
const folder = mkdtempSync(join(tmpdir(), 'plimsoll-soak-'));
const docker = await startDocker(join(folder, 'docker'));
try {
  console.log('started  resident  descriptors  dying cgroups');
  const { before, after, rounds, account } = await churn({
    docker,
    folder: join(folder, 'collector'),
    containers: Number(values.containers),
    minutes: Number(values.minutes),
    onRound: print,
  });
  print(after);
  const middle = rounds[Math.floor(rounds.length / 2)] ?? before;
  const growth = (after.rssBytes - middle.rssBytes) / 1e6;
  console.log(`Lines collected: ${account.lines.seen}, doubled: ${account.lines.doubled}.`);
  console.log(`Resident memory since half of the time: ${growth.toFixed(1)} MB.`);
  const isClean =
    after.descriptors <= before.descriptors + 2 && after.dyingCgroups <= before.dyingCgroups;
  console.log(
    isClean
      ? 'Nothing was left behind.'
      : `Left behind: see above; before: ${JSON.stringify(before)}`,
  );
  process.exitCode = isClean && growth < 20 ? 0 : 1;
} finally {
  await docker.stop();
  rmSync(folder, { recursive: true, force: true });
}

function print({ started, rssBytes, descriptors, dyingCgroups }: ChurnRound): void {
  const figures = [started, `${(rssBytes / 1e6).toFixed(1)} MB`, descriptors, dyingCgroups];
  console.log(figures.map((figure) => String(figure).padEnd(10)).join(''));
}
