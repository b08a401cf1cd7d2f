/**
 * What a process must be told before it runs and cannot be told later: flags of V8, the allocator of
 * the C library, the size of libuv's thread pool. A program replaces itself once by itself with these
 * set (execve(2): the same process id, no process between).
 */
import process from 'node:process';

export interface ProcessSettings {
  /** Flags of node, before the script. */
  flags: readonly string[];
  env: Readonly<Record<string, string>>;
}

/** What of the settings is not in force; null when there is nothing to set. What the user set stays. */
export function missingSettings(
  wanted: ProcessSettings,
  { execArgv, env }: { execArgv: readonly string[]; env: NodeJS.ProcessEnv },
): ProcessSettings | null {
  const missing = Object.entries(wanted.env).filter(([name]) => env[name] === undefined);
  const flags = wanted.flags.filter((flag) => !execArgv.includes(flag));
  if (missing.length === 0 && flags.length === 0) return null;
  return { flags: [...execArgv, ...flags], env: Object.fromEntries(missing) };
}

/** Begins again with the settings, where any is missing; returns where that is not possible. */
export function replaceProcess(wanted: ProcessSettings): void {
  const { argv, env, execArgv, execPath } = process;
  const missing = missingSettings(wanted, { execArgv, env });
  if (missing === null) return;
  const [, script = '', ...args] = argv;
  process.execve?.(execPath, [execPath, ...missing.flags, script, ...args], {
    ...env,
    ...missing.env,
  });
  // Where a process cannot be replaced: the pool's size still takes effect before its first use.
  Object.assign(env, missing.env);
}
