import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import process from 'node:process';

const main = join(import.meta.dirname, '../../src/main.ts');

export interface RunningPlimsoll {
  child: ChildProcess;
  /** Exit code, or null after a signal that killed it. */
  ended: Promise<number | null>;
  output: () => string;
  errors: () => string;
}

/** Beside `--port 0`: nothing of a process is on a port that another may have. */
const freePorts = { PLIMSOLL_CLICKHOUSE_HTTP_PORT: '0', PLIMSOLL_RECEIVERS__PORT: '0' };

/** The command as a process of its own, without configuration of the surroundings. */
export function spawnPlimsoll(
  args: readonly string[],
  options: { cwd: string; env?: Record<string, string> },
): RunningPlimsoll {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('PLIMSOLL_'));
  const child = spawn(process.execPath, [main, ...args], {
    cwd: options.cwd,
    env: { ...Object.fromEntries(inherited), ...freePorts, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const written = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (written.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (written.stderr += chunk.toString()));
  return {
    child,
    ended: new Promise((resolve) => child.on('close', (code) => resolve(code))),
    output: () => written.stdout,
    errors: () => written.stderr,
  };
}

export async function runPlimsoll(
  args: readonly string[],
  options: { cwd: string; env?: Record<string, string> },
): Promise<{ code: number | null; output: string; errors: string }> {
  const running = spawnPlimsoll(args, options);
  const code = await running.ended;
  return { code, output: running.output(), errors: running.errors() };
}
