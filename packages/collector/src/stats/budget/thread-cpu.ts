import process from 'node:process';

/**
 * Processor time of this thread in milliseconds, to the microsecond. The kernel brings the account
 * of a running thread up to date only when the whole process is asked for (thread_group_cputime of
 * kernel/sched/cputime.c); a thread alone is told what it had at the last tick, 4 ms ago or more.
 */
export function threadCpuMs(): number {
  process.cpuUsage();
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
