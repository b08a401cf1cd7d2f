/**
 * Logs that the daemon keeps in a form of its own, read through its API while the collector is killed
 * and the daemon restarted: the set of lines is exact. (journald cannot be run here.)
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JournalLine } from '../harness/api-log-follower.ts';
import { type DockerDaemon, dockerMissing, startDocker } from '../harness/docker-daemon.ts';
import { eventually } from '../harness/eventually.ts';
import { isSkipped } from '../harness/requirement.ts';

const follower = join(import.meta.dirname, '../harness/api-log-follower.ts');
const rounds = 60;
const perRound = 100;
const longBytes = 40_000;

/** Both streams, in bursts; a second life numbers on from the first. */
const writerScript = `
n=$(cat /tmp/n 2>/dev/null || echo 0); end=$((n+${rounds * perRound}))
while [ $n -lt $end ]; do
  k=0; while [ $k -lt ${perRound} ]; do n=$((n+1)); k=$((k+1)); echo "out $n"; echo "err $n" >&2; done
  sleep 0.1
done; echo $n > /tmp/n`;
const longScript = `
n=0; while [ $n -lt 30 ]; do n=$((n+1)); head -c ${longBytes} /dev/zero | tr '\\0' x; echo " $n"; sleep 0.2; done`;
const ttyScript = `
n=0; while [ $n -lt 60 ]; do n=$((n+1)); echo "tty $n"; sleep 0.1
  [ $((n % 20)) -eq 0 ] && { head -c ${longBytes} /dev/zero | tr '\\0' x; echo " $n"; }; done; printf 'login: '`;

describe.skipIf(isSkipped(dockerMissing()))('logs through the API of a real dockerd', () => {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-api-'));
  let docker: DockerDaemon;
  let running: ChildProcess | null = null;

  function start(): void {
    running = spawn(process.execPath, [follower, docker.socket, folder], {
      stdio: ['ignore', 'inherit', 'inherit'],
    });
  }

  async function kill(): Promise<void> {
    const killed = running;
    if (killed === null) return;
    running = null;
    const exited = new Promise((resolve) => killed.once('exit', resolve));
    killed.kill('SIGKILL');
    await exited;
  }

  beforeAll(async () => {
    docker = await startDocker(join(folder, 'docker'));
  }, 90_000);

  afterAll(async () => {
    await kill();
    await docker?.stop();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  it('are each line once, through kills and restarts', { timeout: 120_000 }, async () => {
    const local = ['--log-driver', 'local'];
    const copied = ['--log-driver', 'syslog', '--log-opt', 'syslog-address=udp://127.0.0.1:9'];
    const run = (name: string, options: string[], script: string): void => {
      docker.run(['--name', name, ...options], script);
    };
    run('early', local, 'echo before the collector; printf unterminated');
    start();
    run('writer', local, writerScript);
    run('long', local, longScript);
    run('terminal', ['-t', ...local], ttyScript);
    run(
      'copied',
      copied,
      'n=0; while [ $n -lt 50 ]; do n=$((n+1)); echo "copy $n"; sleep 0.1; done',
    );
    await sleep(1500);
    await kill();
    await sleep(700);
    start();
    await sleep(1500);
    await docker.restart();
    await sleep(1200);
    await kill();
    start();
    await untilStopped(docker, ['writer', 'long', 'terminal', 'copied']);
    docker.docker('start', 'writer', 'terminal');
    await sleep(1000);
    await kill();
    start();
    await untilStopped(docker, ['writer', 'terminal']);
    const names = ['early', 'writer', 'long', 'terminal', 'copied'];
    const isSame = (): boolean =>
      names.every(
        (name) => sizeOf(joined(readStored(folder, name))) >= sizeOf(readDaemon(docker, name)),
      );
    await eventually('all lines', 10_000, () => Promise.resolve(isSame())).catch(() => undefined);
    for (const name of names) {
      const stored = joined(readStored(folder, name));
      const kept = readDaemon(docker, name);
      for (const stream of ['stdout', 'stderr'] as const) {
        expect(firstDifference(stored[stream], kept[stream]), name).toBeNull();
      }
    }
    // A daemon that restarts may itself lose what a container writes meanwhile; not much, though.
    const writer = readStored(folder, 'writer');
    expect(writer.stdout.length + writer.stderr.length).toBeGreaterThan(3.5 * rounds * perRound);
    const long = readStored(folder, 'long').stdout.filter((line) => /^x+ \d+$/.test(line));
    expect(long.filter((line) => line.indexOf(' ') === longBytes).length).toBeGreaterThan(20);
    expect(readStored(folder, 'early').stdout).toEqual(['before the collector', 'unterminated']);
    expect(readEvents(folder)).toBe('');
  });

  it(
    'tell of a gap when the daemon rotated away what comes next',
    { timeout: 60_000 },
    async () => {
      const options = [
        '--log-driver',
        'local',
        '--log-opt',
        'max-size=20k',
        '--log-opt',
        'max-file=2',
      ];
      const script = `echo first; while [ ! -e /tmp/go ]; do sleep 0.1; done
      awk 'BEGIN { for (n = 1; n <= 20000; n++) print "line " n }'; echo last; sleep 60`;
      if (running === null) start();
      docker.run(['--name', 'rotating', ...options], script);
      await eventually('the first line', 10_000, () =>
        Promise.resolve(readStored(folder, 'rotating').stdout.includes('first')),
      );
      await sleep(500);
      await kill();
      docker.docker('exec', 'rotating', 'sh', '-c', ': > /tmp/go');
      await eventually('the last line', 20_000, () =>
        Promise.resolve(readDaemon(docker, 'rotating').stdout.endsWith('last')),
      );
      start();
      await eventually('the last line', 10_000, () =>
        Promise.resolve(readStored(folder, 'rotating').stdout.includes('last')),
      );
      const stored = joined(readStored(folder, 'rotating')).stdout;
      expect(firstDifference(stored, `first${readDaemon(docker, 'rotating').stdout}`)).toBeNull();
      expect(stored).not.toContain('line 1line 2line 3');
      expect(
        readEvents(folder)
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line) as unknown),
      ).toEqual([expect.objectContaining({ kind: 'log_gap', container_name: 'rotating' })]);
    },
  );
});

function readEvents(folder: string): string {
  const path = join(folder, 'events');
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

interface Output {
  stdout: string[];
  stderr: string[];
}

/**
 * A daemon that restarts cuts a line in two, and in a terminal's log nothing but its timestamp shows
 * where: it stays in the text. No container here writes one.
 */
function joined({ stdout, stderr }: Output): { stdout: string; stderr: string } {
  const timestamp = /\d{4}-\d\d-\d\dT[\d:]{8}\.\d{9}(?:Z|[+-]\d\d:\d\d) /g;
  return { stdout: stdout.join('').replaceAll(timestamp, ''), stderr: stderr.join('') };
}

/** What the daemon has, without line ends: it leaves them out itself where it split a line. */
function readDaemon(docker: DockerDaemon, name: string): { stdout: string; stderr: string } {
  const { stdout, stderr } = spawnSync('docker', ['logs', name], {
    env: { ...process.env, DOCKER_HOST: `unix://${docker.socket}` },
    encoding: 'latin1',
    maxBuffer: 64 * 1024 * 1024,
  });
  return { stdout: stdout.replaceAll('\n', ''), stderr: stderr.replaceAll('\n', '') };
}

function sizeOf({ stdout, stderr }: { stdout: string; stderr: string }): number {
  return stdout.length + stderr.length;
}

/** Where two texts part, with some of each; null when they are the same. */
function firstDifference(got: string, expected: string): string | null {
  if (got === expected) return null;
  let at = 0;
  while (at < got.length && got[at] === expected[at]) at += 1;
  const around = (text: string): string =>
    JSON.stringify(text.slice(Math.max(0, at - 20), at + 40));
  return `at ${at}: expected ${around(expected)}, got ${around(got)}`;
}

async function untilStopped(docker: DockerDaemon, names: readonly string[]): Promise<void> {
  for (const name of names) docker.docker('wait', name);
  await sleep(500);
}

/** What ingest makes of it: of a range that it has a part of, what lies in that part is dropped. */
function readStored(folder: string, name: string): Output {
  const output: Output = { stdout: [], stderr: [] };
  const stored = new Map<string, { start: number; end: number }[]>();
  for (const line of readFileSync(join(folder, 'journal'), 'utf8').split('\n')) {
    const chunk = parseLine(line);
    if (chunk?.container !== name) continue;
    const { file, start, end, records } = chunk;
    const ranges = stored.get(file) ?? [];
    stored.set(file, [...ranges, { start, end }]);
    for (const { position, text, stream } of records) {
      const isStored = ranges.some((range) => position >= range.start && position < range.end);
      if (!isStored) output[stream === 'stderr' ? 'stderr' : 'stdout'].push(text);
    }
  }
  return output;
}

/** Null for what a kill cut off. */
function parseLine(line: string): JournalLine | null {
  try {
    return JSON.parse(line) as JournalLine;
  } catch {
    return null;
  }
}
