/**
 * Health of the Docker daemon: asks it on three levels, watches whether its events keep up with
 * what the kernel shows, and measures its processes. A look takes some milliseconds of this
 * process; see `daemon-probe.ts` for what is asked.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HostStatsValue } from '@plimsoll/model';
import { messageOf } from '@plimsoll/runtime';
import { pathOfContainer } from '../../stats/cgroup/container-cgroup.ts';
import { type CgroupRoots, detectCgroupLayout } from '../../stats/cgroup/layout.ts';
import { isRunning, type Target } from '../../target.ts';
import type { Signal, SignalContext } from '../signal.ts';
import { askDaemon } from './ask-daemon.ts';
import { ContainerFolders } from './container-folders.ts';
import { daemonEvent } from './daemon-events.ts';
import { DaemonProbe, type ProbeSeconds } from './daemon-probe.ts';
import { DaemonVerdict, type Finding, type VerdictState } from './daemon-verdict.ts';
import { RuntimeProcesses } from './runtime-processes.ts';
import { defaultSilentAfterMs, SilentEvents } from './silent-events.ts';

export interface DaemonSignalOptions {
  readonly socketPath: string;
  readonly intervalMs: number;
  /** Of each call by itself. */
  readonly deadlineMs: number;
  readonly roots: CgroupRoots;
  /**
   * Time of the last event that the daemon sent, by the wall clock: 0 for none yet, undefined
   * while its events are not followed.
   */
  readonly lastEventMs: () => number | undefined;
  readonly silentAfterMs?: number;
}

/**
 * After a bad look the next one comes sooner, until it is told. Not longer than that: connections
 * that a frozen daemon has not accepted stay in its queue after we closed them.
 */
const retryMs = 5000;

export class DaemonSignal implements Signal {
  readonly #context: SignalContext;
  readonly #options: DaemonSignalOptions;
  readonly #probe: DaemonProbe;
  readonly #verdict = new DaemonVerdict();
  readonly #silence: SilentEvents;
  readonly #processes: RuntimeProcesses;
  #folders: ContainerFolders | undefined;
  #seconds: ProbeSeconds = { ping: undefined, inspect: undefined, info: undefined };
  #stopping = new AbortController();
  #loop: Promise<void> | undefined;

  constructor(context: SignalContext, options: DaemonSignalOptions) {
    const { socketPath, deadlineMs, roots } = options;
    this.#context = context;
    this.#options = options;
    this.#probe = new DaemonProbe({
      socketPath,
      deadlineMs,
      running: () =>
        context
          .targets()
          .filter(isRunning)
          .map(({ dockerId }) => dockerId),
    });
    this.#silence = new SilentEvents(options.silentAfterMs ?? defaultSilentAfterMs);
    this.#processes = new RuntimeProcesses({ proc: roots.proc, socketPath, clock: context.clock });
  }

  get state(): VerdictState {
    return this.#verdict.state;
  }

  /** Process ids of the runtime: what leaks from containers is seen in their mount namespace. */
  runtimePids(): readonly number[] {
    return this.#processes.pids();
  }

  start(): void {
    if (this.#loop) return;
    this.#stopping = new AbortController();
    this.#loop = this.#run(this.#stopping.signal);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop;
    this.#loop = undefined;
  }

  hostValues(): Readonly<Partial<Record<HostStatsValue, number>>> {
    const { ping, inspect, info } = this.#seconds;
    return {
      ...this.#processes.values(),
      ...(ping === undefined ? {} : { docker_ping_seconds: ping }),
      ...(inspect === undefined ? {} : { docker_inspect_seconds: inspect }),
      ...(info === undefined ? {} : { docker_info_seconds: info }),
    };
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock, logger } = this.#context;
    while (!signal.aborted) {
      const startedAt = clock.monotonic();
      const isBad = await this.#look(signal).catch((error: unknown) => {
        logger.warn({ reason: messageOf(error) }, 'The health of the Docker daemon was not read.');
        return false;
      });
      const { intervalMs } = this.#options;
      const pauseMs = isBad ? Math.min(intervalMs, retryMs) : intervalMs;
      const waitMs = Math.max(0, startedAt + pauseMs - clock.monotonic());
      await clock.sleep(waitMs, signal).catch(() => undefined);
    }
  }

  /** True when something is wrong that is not told yet. */
  async #look(signal: AbortSignal): Promise<boolean> {
    await this.#processes.refresh(signal);
    const { finding, seconds } = await this.#probe.look(signal);
    if (signal.aborted) return false;
    this.#seconds = seconds;
    const silence = await this.#watchEvents(finding, signal);
    if (signal.aborted) return false;
    this.#take(silence ?? finding);
    return (silence ?? finding).kind === 'stuck' && this.#verdict.state !== 'stuck';
  }

  #take(finding: Finding): void {
    const { clock, logger, onEvent } = this.#context;
    const change = this.#verdict.take(finding, clock.now());
    if (!change) return;
    const { level, call, containerId } = change.episode;
    if (change.kind === 'stuck') {
      logger.warn({ level, call, containerId }, 'The Docker daemon got stuck.');
    } else {
      logger.info({ level, duration_ms: change.durationMs }, 'The Docker daemon recovered.');
    }
    onEvent(daemonEvent(change, this.#context, this.#options.deadlineMs));
  }

  /** Asked only of a daemon that looks well otherwise: a deeper cause goes first. */
  async #watchEvents(finding: Finding, signal: AbortSignal): Promise<Finding | undefined> {
    const lastEventMs = this.#options.lastEventMs();
    if (lastEventMs === undefined || finding.kind === 'absent') {
      this.#silence.reset();
      return undefined;
    }
    const { clock } = this.#context;
    const targets = this.#context.targets();
    this.#folders ??= this.#findFolders();
    const change = this.#silence.take({
      folders: this.#folders.list(targets),
      targets,
      isAlive: (target) => this.#isAlive(target),
      lastEventMs,
      nowMs: clock.now(),
      monotonicMs: clock.monotonic(),
    });
    if (!change || finding.kind !== 'healthy') return undefined;
    const { containerId, what } = change;
    if (!(await this.#isOurs(containerId, signal))) {
      this.#silence.dismiss(change);
      return undefined;
    }
    const call = `a container ${what}, and no event said so`;
    return { kind: 'stuck', level: 'events_silent', call, containerId };
  }

  /** A control group may belong to another daemon or runtime of this host. */
  async #isOurs(containerId: string, signal: AbortSignal): Promise<boolean> {
    if (this.#context.targets().some(({ dockerId }) => dockerId === containerId)) return true;
    const { socketPath, deadlineMs } = this.#options;
    const path = `/containers/${containerId}/json`;
    const answer = await askDaemon(path, { socketPath, deadlineMs, signal });
    return answer.kind === 'answered' && answer.status === 200;
  }

  #findFolders(): ContainerFolders {
    const { roots } = this.#options;
    return new ContainerFolders(detectCgroupLayout(roots), roots.proc);
  }

  /** The pid alone is not enough: it may be another process's by now, or of another pid namespace. */
  #isAlive(target: Target): boolean {
    const directory = join(this.#options.roots.proc, String(target.pid));
    if (!existsSync(directory)) return false;
    try {
      const memberships = readFileSync(join(directory, 'cgroup'), 'utf8').split('\n');
      return memberships.some((line) => pathOfContainer(line, target.dockerId) !== undefined);
    } catch {
      return false;
    }
  }
}
