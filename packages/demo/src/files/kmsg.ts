/** The kernel log of a simulated host. Format: Documentation/ABI/testing/dev-kmsg. */
import { appendFileSync } from 'node:fs';
import type { ContainerPlan } from '../fleet/plan.ts';

export interface Kill {
  plan: ContainerPlan;
  pid: number;
  memoryBytes: number;
}

export class KernelLog {
  readonly #path: string;
  #sequence = 0;

  constructor(path: string) {
    this.#path = path;
  }

  /** The two records that the kernel writes of one kill by a control group's limit. */
  oomKill({ plan, pid, memoryBytes }: Kill): void {
    const group = `/docker/${plan.id}`;
    const command = plan.service.command.slice(0, 15);
    const kB = Math.round(memoryBytes / 1024);
    this.#write([
      `oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=${plan.id},mems_allowed=0,` +
        `oom_memcg=${group},task_memcg=${group},task=${command},pid=${pid},uid=0`,
      `Memory cgroup out of memory: Killed process ${pid} (${command}) total-vm:${kB * 3}kB, ` +
        `anon-rss:${kB}kB, file-rss:2048kB, shmem-rss:0kB, UID:0 pgtables:1024kB oom_score_adj:0`,
    ]);
  }

  /** Records carry microseconds of the clock that began when this machine started. */
  #write(texts: readonly string[]): void {
    const micros = process.hrtime.bigint() / 1000n;
    const lines = texts.map((text) => `3,${++this.#sequence},${micros},-;${text}\n`);
    appendFileSync(this.#path, lines.join(''));
  }
}
