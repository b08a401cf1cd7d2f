/**
 * What a process must be told before it runs and cannot be told later: flags of V8, the allocator of
 * the C library, the size of libuv's thread pool. The command replaces itself once by the same
 * command with these set (execve(2): the same process id, no process between).
 */

export interface ProcessSettings {
  /** Flags of node, before the script. */
  flags: readonly string[];
  env: Readonly<Record<string, string>>;
}

/** Roles that run until they are told to stop. */
const roles = new Set(['all', 'collector', 'ingest', 'query', 'alerting', 'demo']);

/**
 * A collector's heap is some 20 MB and its frames live outside of it, which makes V8 mark the heap
 * often: in small steps and on helper threads that takes a third of the collector's CPU time, in one
 * go a tenth (`npm run bench -- collector`).
 */
export const collectorFlags: readonly string[] = ['--single-threaded', '--no-incremental-marking'];

/** Null when there is nothing to set, or all is set. */
export function missingSettings(
  args: readonly string[],
  { execArgv, env, cores }: { execArgv: readonly string[]; env: NodeJS.ProcessEnv; cores: number },
): ProcessSettings | null {
  const [role = ''] = args;
  if (!roles.has(role)) return null;
  const flags = role === 'collector' ? collectorFlags : [];
  const wanted = settingsOf(role, cores);
  const missing = Object.entries(wanted).filter(([name]) => env[name] === undefined);
  const lacksFlags = flags.some((flag) => !execArgv.includes(flag));
  if (missing.length === 0 && !lacksFlags) return null;
  return {
    flags: [...execArgv, ...flags.filter((flag) => !execArgv.includes(flag))],
    env: Object.fromEntries(missing),
  };
}

function settingsOf(role: string, cores: number): Record<string, string> {
  if (role === 'collector') return {};
  return {
    // Statements of the embedded engine occupy the threads of libuv's pool, which files and DNS
    // use too.
    UV_THREADPOOL_SIZE: String(Math.max(24, 4 * cores)),
    // The embedded engine frees large blocks often: from this size on they go back to the system
    // at once, a tenth less resident memory under full load.
    MALLOC_MMAP_THRESHOLD_: '1048576',
  };
}
