/**
 * Looks at what the kernel gives each running container, compares it with what was declared, and
 * tells of a container that has less isolation than that: once per life of the container.
 *
 * A container is looked at a little after it started, when its runtime has set it up, and from time
 * to time after that. A look reads some six small files; there is a bound on looks per second.
 */
import type { EventRow } from '@plimsoll/model';
import { isDeepStrictEqual } from 'node:util';
import { messageOf } from '@plimsoll/runtime';
import { untilBeat } from '../beat.ts';
import { makeEvent } from '../events.ts';
import type { Signal, SignalContext } from '../signals/signal.ts';
import { isRunning, type Target } from '../target.ts';
import {
  actualFields,
  hostNamespaces,
  readActualSecurity,
  type ActualReading,
  type Namespaces,
} from './actual.ts';
import { securityMismatches, type SecurityMismatch } from './mismatches.ts';

export interface SecurityProbeOptions extends Omit<SignalContext, 'tenant' | 'host'> {
  /** Where the host's `/proc` is mounted here. */
  proc: string;
  /** What is known of a container's isolation changed: its row is to be written again. */
  onActual: (target: Target) => void;
  settleMs?: number;
  intervalMs?: number;
  maxLooksPerSecond?: number;
}

interface Subject {
  /** Life of the container: changes when it starts again. */
  life: string;
  dueAtMs: number;
  actual: Readonly<Record<string, string>>;
  /** Mismatches that were told. */
  told: Set<string>;
  /** Looks in a row that did not find its process. */
  misses: number;
}

export class SecurityProbe implements Signal {
  readonly #options: Required<SecurityProbeOptions>;
  readonly #subjects = new Map<string, Subject>();
  readonly #missing = new Map<string, string>();
  /** As they were at the last tick, and when the first of them is due. */
  #targets: readonly Target[] = [];
  #nextDueMs = 0;
  #stopping = new AbortController();
  #running: Promise<void> | null = null;

  constructor(options: SecurityProbeOptions) {
    this.#options = {
      settleMs: 2000,
      intervalMs: 10 * 60_000,
      maxLooksPerSecond: 50,
      ...options,
    };
  }

  start(): void {
    if (this.#running) return;
    this.#stopping = new AbortController();
    this.#running = this.#run(this.#stopping.signal);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    this.#running = null;
  }

  hostValues(): Readonly<Record<string, never>> {
    return {};
  }

  /** The `actual_…` keys of `targets.security`; empty while nothing is known. */
  actualOf(target: Target): Readonly<Record<string, string>> {
    const subject = this.#subjects.get(target.dockerId);
    return subject && subject.life === lifeOf(target) ? subject.actual : {};
  }

  /** What cannot be read here, why, and what then is not known: one sentence each. */
  missing(): string[] {
    return [...this.#missing.values()];
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock, logger } = this.#options;
    while (!signal.aborted) {
      try {
        this.#tick();
      } catch (error) {
        logger.warn({ reason: messageOf(error) }, 'A look at the isolation of containers failed.');
      }
      await clock.sleep(untilBeat(clock), signal).catch(() => undefined);
    }
  }

  #tick(): void {
    const nowMs = this.#options.clock.monotonic();
    const targets = this.#options.targets();
    if (nowMs < this.#nextDueMs && isSame(targets, this.#targets)) return;
    this.#targets = targets;
    const running = targets.filter(isRunning);
    this.#forgetAllBut(running);
    const due = running.filter((target) => this.#subjectOf(target, nowMs).dueAtMs <= nowMs);
    if (due.length > 0) this.#lookAt(due, nowMs);
    this.#nextDueMs = [...this.#subjects.values()].reduce(
      (next, { dueAtMs }) => Math.min(next, dueAtMs),
      Infinity,
    );
  }

  #lookAt(due: readonly Target[], nowMs: number): void {
    const host = hostNamespaces(this.#options.proc);
    this.#note('host', host === null, () => hostSentence(this.#options.proc));
    for (const target of due.slice(0, this.#options.maxLooksPerSecond)) {
      this.#look(target, host ?? {}, nowMs);
    }
    // One that just ended is missed once: more often, and none found, is the collector's own lack.
    const subjects = [...this.#subjects.values()];
    const isBlind =
      subjects.some(({ misses }) => misses > 2) && subjects.every(({ misses }) => misses > 0);
    this.#note('processes', isBlind, () => processesSentence(this.#options.proc));
  }

  #look(target: Target, host: Namespaces, nowMs: number): void {
    const { proc, intervalMs, settleMs, onActual } = this.#options;
    const subject = this.#subjectOf(target, nowMs);
    const reading = readActualSecurity(
      proc,
      { pid: target.pid, containerId: target.dockerId },
      host,
    );
    if (reading === null) {
      subject.misses += 1;
      subject.dueAtMs = nowMs + Math.min(intervalMs, settleMs * 2 ** subject.misses);
      return;
    }
    subject.misses = 0;
    subject.dueAtMs = nowMs + intervalMs;
    this.#noteProblems(reading);
    const actual = actualFields(reading.actual);
    if (!isDeepStrictEqual(actual, subject.actual)) {
      subject.actual = actual;
      onActual(target);
    }
    this.#compare(target, subject, reading);
  }

  #compare(target: Target, subject: Subject, { actual }: ActualReading): void {
    const found = securityMismatches(target.security, actual);
    const isNew = found.some(({ name }) => !subject.told.has(name));
    if (!isNew) return;
    for (const { name } of found) subject.told.add(name);
    this.#options.onEvent(mismatchEvent(target, found, this.#options.clock.now()));
  }

  #subjectOf(target: Target, nowMs: number): Subject {
    const life = lifeOf(target);
    const known = this.#subjects.get(target.dockerId);
    if (known?.life === life) return known;
    const subject = {
      life,
      dueAtMs: nowMs + this.#options.settleMs,
      actual: {},
      told: new Set<string>(),
      misses: 0,
    };
    this.#subjects.set(target.dockerId, subject);
    return subject;
  }

  /** Bounded by the containers that run. */
  #forgetAllBut(running: readonly Target[]): void {
    const ids = new Set(running.map(({ dockerId }) => dockerId));
    for (const id of this.#subjects.keys()) if (!ids.has(id)) this.#subjects.delete(id);
  }

  #noteProblems({ problems }: ActualReading): void {
    const { proc } = this.#options;
    for (const file of ['status', 'uid_map', 'mountinfo', 'ns', 'cgroup']) {
      const problem = problems.find((each) => each.file === file);
      this.#note(file, problem !== undefined, () => fileSentence(proc, file, problem?.code ?? ''));
    }
  }

  /** Logs a condition when it begins. */
  #note(key: string, isMissing: boolean, sentence: () => string): void {
    if (!isMissing) {
      this.#missing.delete(key);
      return;
    }
    if (this.#missing.has(key)) return;
    const said = sentence();
    this.#missing.set(key, said);
    this.#options.logger.info({ missing: said }, 'The isolation of containers is not seen whole.');
  }
}

/** A target that changes is another object. */
function isSame(targets: readonly Target[], others: readonly Target[]): boolean {
  return (
    targets.length === others.length && targets.every((target, index) => target === others[index])
  );
}

function lifeOf(target: Target): string {
  return `${target.startedAtMs} ${target.pid}`;
}

function mismatchEvent(
  target: Target,
  found: readonly SecurityMismatch[],
  timeMs: number,
): EventRow {
  const names = found.map(({ name }) => name).toSorted();
  const attributes = found.flatMap(({ name, declared, actual }) => [
    [`declared_${name}`, declared],
    [`actual_${name}`, actual],
  ]);
  const { labels } = target;
  return makeEvent({
    labels,
    timeMs,
    kind: 'security_mismatch',
    severity: 'warning',
    message: `Container ${labels.container_name} has less isolation than was declared: ${names.join(', ')}.`,
    attributes: {
      source: 'collector',
      mismatches: names.join(','),
      ...(Object.fromEntries(attributes) as Record<string, string>),
    },
    occurrence: `${target.startedAtMs} ${names.join(',')}`,
  });
}

function hostSentence(proc: string): string {
  return (
    `${proc}/1/ns cannot be read: expected the host's /proc and CAP_SYS_PTRACE; ` +
    `whether containers share namespaces of the host is not known.`
  );
}

function processesSentence(proc: string): string {
  return (
    `${proc} shows none of the containers' processes: run with the host's pid namespace, or mount the ` +
    `host's /proc and set collector.roots.proc; what the kernel gives containers is not known.`
  );
}

const lostByFile: Readonly<Record<string, string>> = {
  status: 'seccomp, capabilities and no-new-privileges',
  uid_map: 'user namespaces',
  mountinfo: 'whether root file systems are read-only',
  ns: 'whether containers share namespaces of the host',
  cgroup: 'whether a process still belongs to its container',
};

function fileSentence(proc: string, file: string, code: string): string {
  const need = file === 'ns' ? 'CAP_SYS_PTRACE' : 'root, or a /proc without hidepid';
  return `${proc}/<pid>/${file} cannot be read (${code}): expected ${need}; not known: ${lostByFile[file] ?? file}.`;
}
