/** The calls of the Docker API that discovery needs, each with a deadline. */
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { abortReason } from '@plimsoll/runtime';
import type Docker from 'dockerode';
import type { DaemonTraits } from './describe-container.ts';
import { eventFilter } from './docker-event.ts';
import { at, list, text, textList } from './json-fields.ts';
import { loadDockerode } from './load-dockerode.ts';

const deadlineMs = 20_000;
/** For what the daemon says of itself: without it one goes on all the same. */
const aboutItselfMs = 5000;
/** Longer than any event; a line without end must not fill the memory. */
const maxEventBytes = 1024 * 1024;

export interface ListedContainer {
  id: string;
  /** `running`, `exited`, …, as in an inspection's status. */
  state: string;
  /** `healthy`, `unhealthy` or `starting`; '' without a health check. */
  health: string;
}

export interface DaemonDescription extends DaemonTraits {
  /** Folder of the daemon's data as the host names it. */
  root: string;
  /** Driver of containers that do not name one; '' when not known. */
  loggingDriver: string;
  /** Images are containerd's, and not the daemon's own. */
  keepsImagesInContainerd: boolean;
}

export class DockerClient {
  readonly #docker: Docker;

  constructor(socketPath: string) {
    const Client = loadDockerode();
    this.#docker = new Client({ socketPath });
  }

  async describe(signal: AbortSignal): Promise<DaemonDescription> {
    await within(signal, () => this.#docker.ping());
    // A daemon whose containerd hangs answers everything but these: they are not needed to go on.
    const [version, info] = await Promise.all<unknown>([
      within(signal, () => this.#docker.version(), aboutItselfMs).catch(() => null),
      within(signal, () => this.#docker.info(), aboutItselfMs).catch(() => null),
    ]);
    signal.throwIfAborted();
    return {
      version: text(version, 'Version'),
      cgroupDriver: text(info, 'CgroupDriver'),
      securityOptions: info === null ? null : textList(info, 'SecurityOptions'),
      root: text(info, 'DockerRootDir'),
      loggingDriver: text(info, 'LoggingDriver'),
      keepsImagesInContainerd: list(info, 'DriverStatus').some(
        (pair) => at(pair, '0') === 'driver-type' && text(pair, '1').startsWith('io.containerd.'),
      ),
    };
  }

  async list(signal: AbortSignal): Promise<ListedContainer[]> {
    const listed: unknown = await within(signal, (abortSignal) =>
      this.#docker.listContainers({ all: true, abortSignal }),
    );
    if (!Array.isArray(listed)) throw new Error('containers: expected a list from the daemon');
    return listed.flatMap((each: unknown) => {
      const id = text(each, 'Id');
      if (id === '') return [];
      return [{ id, state: text(each, 'State'), health: healthOf(text(each, 'Status')) }];
    });
  }

  /** The description, or null when there is no such container any more. */
  async inspect(id: string, signal: AbortSignal): Promise<unknown> {
    try {
      return await within(signal, (abortSignal) =>
        this.#docker.getContainer(id).inspect({ abortSignal }),
      );
    } catch (error) {
      if (at(error, 'statusCode') === 404) return null;
      throw error;
    }
  }

  /** The image by id or name, or null when there is none. */
  async inspectImage(image: string, signal: AbortSignal): Promise<unknown> {
    try {
      return await within(signal, () => this.#docker.getImage(image).inspect());
    } catch (error) {
      if (at(error, 'statusCode') === 404) return null;
      throw error;
    }
  }

  /** Events from a time on (`seconds.nanoseconds`), until the daemon or the signal ends them. */
  async events(since: string, signal: AbortSignal): Promise<AsyncIterable<unknown>> {
    const options: Docker.GetEventsOptions = {
      filters: JSON.stringify(eventFilter),
      abortSignal: signal,
    };
    // The typing wants a number here, which could not hold the nanoseconds.
    Object.assign(options, { since });
    const stream = await withDeadline(this.#docker.getEvents(options), signal);
    return readEvents(stream as Readable, signal);
  }
}

/** From a text for people, such as `Up 3 minutes (unhealthy)` or `Up 2 s (health: starting)`. */
function healthOf(status: string): string {
  return /\((?:health: )?(healthy|unhealthy|starting)\)$/.exec(status)?.[1] ?? '';
}

async function* readEvents(stream: Readable, signal: AbortSignal): AsyncGenerator {
  let bytesOfLine = 0;
  stream.on('data', (bytes: Buffer) => {
    const end = bytes.lastIndexOf(0x0a);
    bytesOfLine = end < 0 ? bytesOfLine + bytes.length : bytes.length - end;
    if (bytesOfLine > maxEventBytes) stream.destroy(new Error('an event longer than 1 MiB'));
  });
  const onAbort = (): void => {
    stream.destroy();
  };
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    for await (const line of createInterface({ input: stream })) {
      const event = parseEvent(line);
      if (event !== null) yield event;
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
    stream.destroy();
  }
}

/** JSON, but with the nanoseconds as text: they are more than a number holds. */
function parseEvent(line: string): unknown {
  try {
    const event: unknown = JSON.parse(line);
    const nano = /"timeNano":(\d{1,20})\s*[,}]/.exec(line)?.[1];
    if (typeof event !== 'object' || event === null) return null;
    return nano === undefined ? event : { ...event, timeNano: nano };
  } catch {
    return null;
  }
}

async function within<T>(
  signal: AbortSignal,
  call: (abortSignal: AbortSignal) => Promise<T>,
  limitMs = deadlineMs,
): Promise<T> {
  const either = AbortSignal.any([signal, AbortSignal.timeout(limitMs)]);
  return await withDeadline(call(either), signal, limitMs);
}

/** Also for a call that does not listen to a signal. */
async function withDeadline<T>(
  call: Promise<T>,
  signal: AbortSignal,
  limitMs = deadlineMs,
): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    reject(new Error(`expected the Docker daemon to answer within ${limitMs / 1000} s`));
  }, limitMs);
  const onAbort = (): void => {
    reject(abortReason(signal));
  };
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    return await Promise.race([call, late]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  }
}
