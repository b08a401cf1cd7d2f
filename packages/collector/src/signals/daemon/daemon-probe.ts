/**
 * One look at the daemon, level by level, each call with its own deadline:
 *
 * ```
 * ping                  the process runs                            /_ping
 * list                  the daemon's lock is free                   /containers/json?limit=1
 * inspect, some         the locks of containers are free            /containers/<id>/json
 * info                  containerd answers                          /info
 * ```
 *
 * With containerd frozen ping, list and inspect are answered from the daemon's memory within a
 * millisecond; `/info`, `/version`, `/containers/<id>/top` and statistics hang (seen with 20.10).
 * `/version` takes no lock of the daemon, so it tells a stuck containerd from a stuck daemon.
 *
 * One call at a time, so never more than one connection is open.
 */
import { at, list } from '../../discovery/json-fields.ts';
import { askDaemon, type DaemonAnswer } from './ask-daemon.ts';
import type { Finding, StuckLevel } from './daemon-verdict.ts';

/** All containers are inspected in turn within about this many looks. */
const looksPerTurn = 20;
/** An inspection costs the daemon some 0.2 ms. */
const maxInspections = 50;

export interface ProbeOptions {
  socketPath: string;
  deadlineMs: number;
  /** Ids of containers that run. */
  running: () => readonly string[];
}

/** How long each level took; undefined when it was not answered, or not asked. */
export interface ProbeSeconds {
  ping: number | undefined;
  /** The slowest of those inspected. */
  inspect: number | undefined;
  info: number | undefined;
}

export interface ProbeLook {
  finding: Finding;
  seconds: ProbeSeconds;
}

export class DaemonProbe {
  readonly #options: ProbeOptions;
  /** The container inspected last; the turn goes by id, so that it survives changes of the list. */
  #last = '';
  /** A container whose inspection was late is asked again until it is answered. */
  #suspect = '';

  constructor(options: ProbeOptions) {
    this.#options = options;
  }

  async look(signal: AbortSignal): Promise<ProbeLook> {
    const seconds: ProbeSeconds = { ping: undefined, inspect: undefined, info: undefined };
    const finding = await this.#find(seconds, signal);
    return { finding, seconds };
  }

  async #find(seconds: ProbeSeconds, signal: AbortSignal): Promise<Finding> {
    const ping = await this.#ask('/_ping', signal);
    if (ping.kind === 'late') return stuck('frozen', 'GET /_ping');
    if (ping.kind !== 'answered') return unanswered(ping);
    seconds.ping = ping.seconds;

    const listed = await this.#ask('/containers/json?limit=1', signal);
    if (listed.kind === 'late') return await this.#deeper('GET /containers/json', signal);
    if (listed.kind !== 'answered') return unanswered(listed);

    const inspected = await this.#inspect(seconds, signal);
    const info = await this.#ask('/info', signal);
    if (info.kind === 'late') return await this.#deeper('GET /info', signal);
    if (info.kind !== 'answered') return unanswered(info);
    seconds.info = info.seconds;
    return inspected ?? { kind: 'healthy' };
  }

  /** Something beyond the ping hangs: is it the daemon, or containerd below it? */
  async #deeper(call: string, signal: AbortSignal): Promise<Finding> {
    const version = await this.#ask('/version', signal);
    if (version.kind === 'late') return stuck('containerd', call);
    if (version.kind !== 'answered') return unanswered(version);
    const asksContainerd = list(version.body, 'Components').some(
      (component) => at(component, 'Name') === 'containerd',
    );
    // A version that says nothing of containerd (before 18.09) did not ask it either.
    const isInfo = call === 'GET /info';
    return stuck(asksContainerd || !isInfo ? 'daemon_lock' : 'containerd', call);
  }

  async #inspect(seconds: ProbeSeconds, signal: AbortSignal): Promise<Finding | undefined> {
    const startedAt = performance.now();
    for (const id of this.#pick()) {
      const answer = await this.#ask(`/containers/${id}/json`, signal);
      if (answer.kind === 'late') {
        this.#suspect = id;
        seconds.inspect = undefined;
        return stuck('container_lock', 'GET /containers/{id}/json', id);
      }
      if (answer.kind !== 'answered') return unanswered(answer);
      if (id === this.#suspect) this.#suspect = '';
      this.#last = id;
      seconds.inspect = Math.max(seconds.inspect ?? 0, answer.seconds);
      if (performance.now() - startedAt > this.#options.deadlineMs) return undefined;
    }
    return undefined;
  }

  /** The suspect if it still runs, else the next ones in order of their ids. */
  #pick(): string[] {
    const ids = this.#options.running().toSorted();
    if (ids.includes(this.#suspect)) return [this.#suspect];
    this.#suspect = '';
    const count = Math.min(maxInspections, Math.ceil(ids.length / looksPerTurn));
    const next = ids.findIndex((id) => id > this.#last);
    const first = next < 0 ? 0 : next;
    return [...ids.slice(first), ...ids.slice(0, first)].slice(0, count);
  }

  async #ask(path: string, signal: AbortSignal): Promise<DaemonAnswer> {
    const { socketPath, deadlineMs } = this.#options;
    return await askDaemon(path, { socketPath, deadlineMs, signal });
  }
}

function stuck(level: StuckLevel, call: string, containerId = ''): Finding {
  return { kind: 'stuck', level, call, containerId };
}

function unanswered(answer: Exclude<DaemonAnswer, { kind: 'answered' | 'late' }>): Finding {
  return answer.kind === 'absent'
    ? { kind: 'absent', code: answer.code }
    : { kind: 'unclear', reason: answer.reason };
}
