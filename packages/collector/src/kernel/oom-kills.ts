/**
 * Out-of-memory kills: the kernel writes several records for one of them.
 *
 * ```
 * (a) oom-kill:constraint=CONSTRAINT_MEMCG,…,oom_memcg=/docker/<id>,task_memcg=…,task=lb,pid=7,uid=0
 * (b) Memory cgroup out of memory: Killed process 7 (lb) total-vm:…kB, anon-rss:…kB, …
 * ```
 *
 * (a) says which control group, (b) how much memory; they are joined by the pid. Before Linux 4.19
 * there is `Task in <task> killed as a result of limit of <group>` instead of (a), without a pid.
 * With memory.oom.group one (a) is followed by a (b) for every process of the group.
 *
 * A state machine over records, pure: a (b) that never comes is given up after
 * {@link maxPendingRecords}, and what is known is told.
 */
import type { KmsgRecord } from './kmsg-record.ts';

export interface OomKill {
  /** The record that names the event: (a) if it was seen, else (b). */
  sequence: number;
  microseconds: number;
  process: string;
  pid: number;
  uid: string;
  /** `memcg`: a control group's limit; `host`: the machine; `unknown`. */
  constraint: 'memcg' | 'host' | 'unknown';
  /** Control group whose limit was hit; empty for the host. */
  oomCgroup: string;
  /** Control group of the process that was killed. */
  taskCgroup: string;
  totalVmBytes: number | undefined;
  anonRssBytes: number | undefined;
  fileRssBytes: number | undefined;
  shmemRssBytes: number | undefined;
}

/** Records between (a) and (b): none on a quiet machine, some when processors write at once. */
const maxPendingRecords = 200;
const kibibyte = 1024;

const summary =
  /^oom-kill:constraint=(CONSTRAINT_\w+),.*?(?:,oom_memcg=(.*?)|,global_oom),task_memcg=(.*?),task=(.*),pid=(\d+),uid=(\d+)$/;
const killed = /(?:^|: )Killed process (\d+) \((.*?)\),? (?=UID|total-vm)(.*)$/;
const oldSummary = /^Task in (\S+) killed as a result of limit of (\S+)$/;

interface Place {
  constraint: OomKill['constraint'];
  oomCgroup: string;
  taskCgroup: string;
}

export class OomKills {
  /** Kills begun by (a), by pid. */
  readonly #pending = new Map<number, OomKill>();
  /** Sequence of the kill told last of each pid: a group kill names its first process twice. */
  readonly #told = new Map<number, number>();
  /** Where the last kill took place, for (b) records that have no (a) of their own. */
  #place: { at: number; place: Place } | undefined;

  /** Sequence of the first kill not yet told; a restart must begin at or before it. */
  get pendingSequence(): number | undefined {
    const [first] = this.#pending.values();
    return first?.sequence;
  }

  /** True when the record belongs to a kill, and needs no other look. */
  static isPart(text: string): boolean {
    return text.includes('Killed process') || text.startsWith('oom-kill:');
  }

  /** Takes the next record; gives the kills that are complete now. */
  push(record: KmsgRecord): OomKill[] {
    const done = this.#expire(record.sequence);
    const begun = this.#begin(record);
    if (begun) {
      this.#pending.set(begun.pid, begun);
      return done;
    }
    const kill = this.#complete(record);
    if (kill) done.push(kill);
    return done;
  }

  /** Gives what is pending, complete or not. */
  flush(): OomKill[] {
    return [...this.#pending.values()].map((kill) => this.#tell(kill));
  }

  /** Lets go of what is too old, so that neither map can grow: records are told apart by then. */
  #expire(sequence: number): OomKill[] {
    const oldest = sequence - maxPendingRecords;
    for (const [pid, told] of this.#told) if (told < oldest) this.#told.delete(pid);
    const late = [...this.#pending.values()].filter((kill) => kill.sequence < oldest);
    return late.map((kill) => this.#tell(kill));
  }

  #begin(record: KmsgRecord): OomKill | undefined {
    const old = oldSummary.exec(record.text);
    if (old) {
      const place: Place = {
        constraint: 'memcg',
        oomCgroup: old[2] ?? '',
        taskCgroup: old[1] ?? '',
      };
      this.#place = { at: record.sequence, place };
      return undefined;
    }
    const match = summary.exec(record.text);
    if (!match) return undefined;
    const place: Place = {
      constraint: match[1] === 'CONSTRAINT_MEMCG' ? 'memcg' : 'host',
      oomCgroup: match[2] ?? '',
      taskCgroup: match[3] ?? '',
    };
    this.#place = { at: record.sequence, place };
    return {
      ...place,
      sequence: record.sequence,
      microseconds: record.microseconds,
      process: match[4] ?? '',
      pid: Number(match[5]),
      uid: match[6] ?? '',
      totalVmBytes: undefined,
      anonRssBytes: undefined,
      fileRssBytes: undefined,
      shmemRssBytes: undefined,
    };
  }

  #complete(record: KmsgRecord): OomKill | undefined {
    const match = killed.exec(record.text);
    if (!match) return undefined;
    const pid = Number(match[1]);
    const rest = match[3] ?? '';
    const memory = {
      totalVmBytes: kilobytes(rest, 'total-vm'),
      anonRssBytes: kilobytes(rest, 'anon-rss'),
      fileRssBytes: kilobytes(rest, 'file-rss'),
      shmemRssBytes: kilobytes(rest, 'shmem-rss'),
    };
    const pending = this.#pending.get(pid);
    if (pending) return this.#tell({ ...pending, ...memory });
    if (this.#told.has(pid)) return undefined;
    return this.#tell({
      ...this.#placeOf(record),
      ...memory,
      sequence: record.sequence,
      microseconds: record.microseconds,
      process: match[2] ?? '',
      pid,
      uid: /UID[: ](\d+)/.exec(rest)?.[1] ?? '',
    });
  }

  #placeOf(record: KmsgRecord): Place {
    const recent = this.#place;
    if (recent && record.sequence - recent.at <= maxPendingRecords) return recent.place;
    if (record.text.startsWith('Memory cgroup')) {
      return { constraint: 'memcg', oomCgroup: '', taskCgroup: '' };
    }
    const isHost = record.text.startsWith('Out of memory');
    return { constraint: isHost ? 'host' : 'unknown', oomCgroup: '', taskCgroup: '' };
  }

  #tell(kill: OomKill): OomKill {
    this.#pending.delete(kill.pid);
    this.#told.set(kill.pid, kill.sequence);
    return kill;
  }
}

function kilobytes(text: string, name: string): number | undefined {
  const at = text.indexOf(`${name}:`);
  if (at < 0) return undefined;
  const value = Number.parseInt(text.slice(at + name.length + 1), 10);
  return Number.isFinite(value) ? value * kibibyte : undefined;
}
