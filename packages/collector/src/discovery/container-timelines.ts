/**
 * What the daemon's events say only together: how long a start took, how long a stop, whether a
 * container that was asked to stop had to be killed. All times are the daemon's own. What cannot be
 * known, because the event before was not seen, is absent.
 *
 *     create ──start_delay_ms──▶ start ──health_delay_ms──▶ healthy
 *                                  │
 *                         kill 15 ──┬── kill 9 (ignored_sigterm) ──▶ die ──restart_delay_ms──▶ start
 *                                   └──────── stop_duration_ms ────────▶ stop
 */
import type { DockerEvent } from './docker-event.ts';

interface Timeline {
  createdAtMs?: number;
  startedAtMs?: number;
  hasBeenHealthy: boolean;
  hasRunOutOfMemory: boolean;
  kill?: { atMs: number; signal: string; endedByKill: boolean };
  end?: { atMs: number; exitCode: string };
  /** Networks that it was disconnected from last, and not connected to since. */
  disconnected: Set<string>;
}

type Attributes = Record<string, string>;

const maxDisconnected = 100;
const killSignal = '9';
const termSignal = '15';

export class ContainerTimelines {
  readonly #timelines = new Map<string, Timeline>();
  readonly #maxContainers: number;

  constructor(maxContainers = 10_000) {
    this.#maxContainers = maxContainers;
  }

  /** Takes the next event of a container; gives what is known with it. */
  take(event: DockerEvent): Attributes {
    const timeline = this.#timelineOf(event.containerId);
    const attributes = advance(timeline, event);
    if (event.action === 'destroy') this.#timelines.delete(event.containerId);
    return attributes;
  }

  /** True for a disconnection that was told before: Docker 20.10 tells each of them twice. */
  isRepeated(event: DockerEvent): boolean {
    const { disconnected } = this.#timelineOf(event.containerId);
    if (event.action !== 'disconnect') {
      disconnected.delete(event.actorId);
      return false;
    }
    if (disconnected.has(event.actorId)) return true;
    if (disconnected.size < maxDisconnected) disconnected.add(event.actorId);
    return false;
  }

  /** The one used longest ago makes room. */
  #timelineOf(containerId: string): Timeline {
    const timeline = this.#timelines.get(containerId) ?? {
      hasBeenHealthy: false,
      hasRunOutOfMemory: false,
      disconnected: new Set(),
    };
    this.#timelines.delete(containerId);
    this.#timelines.set(containerId, timeline);
    const [oldest] = this.#timelines.keys();
    if (oldest !== undefined && this.#timelines.size > this.#maxContainers) {
      this.#timelines.delete(oldest);
    }
    return timeline;
  }
}

function advance(timeline: Timeline, event: DockerEvent): Attributes {
  switch (event.action) {
    case 'create':
      timeline.createdAtMs = event.timeMs;
      return {};
    case 'start':
      return start(timeline, event.timeMs);
    case 'health_status':
      return event.detail === 'healthy' ? becomeHealthy(timeline, event.timeMs) : {};
    case 'oom':
      timeline.hasRunOutOfMemory = true;
      return {};
    case 'kill':
      kill(timeline, event);
      return {};
    case 'die':
      return die(timeline, event);
    case 'stop':
      return stop(timeline, event.timeMs);
    default:
      return {};
  }
}

function start(timeline: Timeline, timeMs: number): Attributes {
  const { createdAtMs, end } = timeline;
  const attributes = {
    ...milliseconds('start_delay_ms', createdAtMs, timeMs),
    ...milliseconds('restart_delay_ms', end?.atMs, timeMs),
    ...(end && { previous_exit_code: end.exitCode }),
  };
  // Of the first start alone: a container may have been made long before it starts again.
  delete timeline.createdAtMs;
  delete timeline.end;
  delete timeline.kill;
  timeline.startedAtMs = timeMs;
  timeline.hasBeenHealthy = false;
  timeline.hasRunOutOfMemory = false;
  return attributes;
}

function becomeHealthy(timeline: Timeline, timeMs: number): Attributes {
  if (timeline.hasBeenHealthy) return {};
  timeline.hasBeenHealthy = true;
  return milliseconds('health_delay_ms', timeline.startedAtMs, timeMs);
}

/** The first signal of a stop is what asks for it; SIGKILL after it says that it was ignored. */
function kill(timeline: Timeline, event: DockerEvent): void {
  const signal = event.attributes['signal'] || killSignal;
  if (timeline.kill === undefined) {
    timeline.kill = { atMs: event.timeMs, signal, endedByKill: false };
  } else if (signal === killSignal && timeline.kill.signal !== killSignal) {
    timeline.kill.endedByKill = true;
  } else if (signal === termSignal) {
    // Such as a signal to reload, long before.
    timeline.kill = { atMs: event.timeMs, signal, endedByKill: false };
  }
}

function die(timeline: Timeline, event: DockerEvent): Attributes {
  const { exitCode = '' } = event.attributes;
  timeline.end = { atMs: event.timeMs, exitCode };
  return {
    ...milliseconds('ran_ms', timeline.startedAtMs, event.timeMs),
    ...(timeline.hasRunOutOfMemory && { oom_killed: 'true' }),
  };
}

function stop(timeline: Timeline, timeMs: number): Attributes {
  const asked = timeline.kill;
  delete timeline.kill;
  if (!asked) return {};
  return {
    ...milliseconds('stop_duration_ms', asked.atMs, timeMs),
    stop_signal: asked.signal,
    ...(asked.signal === termSignal && { ignored_sigterm: String(asked.endedByKill) }),
  };
}

/** Nothing when the clock went back. */
function milliseconds(name: string, fromMs: number | undefined, toMs: number): Attributes {
  return fromMs === undefined || toMs < fromMs ? {} : { [name]: String(toMs - fromMs) };
}
