/** `/proc/<pid>/stat`, see proc_pid_stat(5). */

export interface ProcStat {
  /** At most 15 bytes of the program's name; it may hold blanks and brackets. */
  comm: string;
  parent: number;
  cpuSeconds: number;
  threads: number;
  /** Clock ticks from the boot to its start: with the pid, the name of a process. */
  startTicks: number;
}

/** USER_HZ: 100 on every architecture that Node.js runs on. */
const ticksPerSecond = 100;
/** Fields are counted from 1 in the manual; the first after the name is the 3rd. */
const [parentField, userField, systemField, threadsField, startField] = [4, 14, 15, 20, 22];

/** Undefined for anything of another shape. Never throws. */
export function parseProcStat(text: string): ProcStat | undefined {
  const open = text.indexOf('(');
  const close = text.lastIndexOf(')');
  if (open < 0 || close < open) return undefined;
  const fields = text.slice(close + 2).split(' ');
  const field = (number: number): number => {
    const word = fields[number - 3] ?? '';
    return /^\d{1,20}$/.test(word) ? Number(word) : NaN;
  };
  const stat = {
    comm: text.slice(open + 1, close),
    parent: field(parentField),
    cpuSeconds: (field(userField) + field(systemField)) / ticksPerSecond,
    threads: field(threadsField),
    startTicks: field(startField),
  };
  const { parent, cpuSeconds, threads, startTicks } = stat;
  return Number.isNaN(parent + cpuSeconds + threads + startTicks) ? undefined : stat;
}
