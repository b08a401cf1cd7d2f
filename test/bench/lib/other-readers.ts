/** Others that read log files, where they are installed, over the same file: for comparison. */
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

export interface OtherReader {
  name: string;
  /** CPU seconds, user and system; null where it is not installed or failed. */
  read(path: string): Promise<number | null>;
}

export const otherReaders: readonly OtherReader[] = [
  { name: 'zstd -1 -T1, compresses and nothing else', read: zstd },
  { name: 'rsyslog, imfile to a null file', read: rsyslog },
  { name: 'Fluent Bit, tail to null', read: fluentBit },
];

/** By the shell's own account of its child. */
async function zstd(path: string): Promise<number | null> {
  const script = 'TIMEFORMAT="%U %S"; time zstd -1 -T1 -q -c "$1" > /dev/null';
  const { status, stderr } = spawnSync('bash', ['-c', script, 'bash', path], { encoding: 'utf8' });
  const [user, system] = stderr.trim().split(/\s+/).map(Number);
  if (status !== 0 || !Number.isFinite(user) || !Number.isFinite(system)) return null;
  return Number(user) + Number(system);
}

async function rsyslog(path: string): Promise<number | null> {
  return inFolder(async (folder) => {
    const work = join(folder, 'work');
    mkdirSync(work);
    const file = join(folder, 'rsyslog.conf');
    writeFileSync(
      file,
      [
        `global(workDirectory="${work}" maxMessageSize="64k")`,
        'module(load="imfile" mode="inotify")',
        `input(type="imfile" File="${path}" Tag="bench" ruleset="out" freshStartTail="off")`,
        'template(name="raw" type="string" string="%msg%\\n")',
        'ruleset(name="out") { action(type="omfile" file="/dev/null" template="raw") }',
        '',
      ].join('\n'),
    );
    return cpuUntilIdle('rsyslogd', ['-n', '-f', file, '-i', join(folder, 'pid')]);
  });
}

async function fluentBit(path: string): Promise<number | null> {
  const tail = ['-i', 'tail', '-p', `path=${path}`, '-p', 'read_from_head=true'];
  return cpuUntilIdle('fluent-bit', [...tail, '-p', 'buffer_max_size=1M', '-o', 'null']);
}

async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-bench-other-'));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const ticksPerSecond = 100;
const idleSeconds = 3;
const deadlineSeconds = 180;

/** Of a program that never ends: until it has used next to nothing for some seconds. */
async function cpuUntilIdle(command: string, options: readonly string[]): Promise<number | null> {
  const child = spawn(command, options, { stdio: 'ignore' });
  const isStarted = await new Promise<boolean>((resolve) => {
    child.once('spawn', () => resolve(true));
    child.once('error', () => resolve(false));
  });
  if (!isStarted || child.pid === undefined) return null;
  try {
    const used: number[] = [];
    while (used.length < deadlineSeconds && child.exitCode === null) {
      await wait(1000);
      const now = cpuSecondsOf(child.pid);
      const before = used.at(-idleSeconds) ?? 0;
      if (used.length > idleSeconds && now > 0.5 && now - before < 0.05) return now;
      used.push(now);
    }
    return null;
  } finally {
    child.kill('SIGKILL');
  }
}

/** Fields 14 and 15 of /proc/<pid>/stat; the name in brackets may hold spaces. */
function cpuSecondsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}
