/** The five calls of the Docker API that discovery needs, each with a deadline. */
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import Docker from 'dockerode';
import { at, text } from './describe-container.ts';
import { wantedEvents } from './docker-events.ts';

const deadlineMs = 20_000;
/** Longer than any event; a line without end must not fill the memory. */
const maxEventBytes = 1024 * 1024;

export interface ListedContainer {
  id: string;
  /** `running`, `exited`, …, as in an inspection's status. */
  state: string;
}

export interface DaemonDescription {
  version: string;
  cgroupDriver: string;
  root: string;
}

export class DockerClient {
  readonly #docker: Docker;

  constructor(socketPath: string) {
    this.#docker = new Docker({ socketPath });
  }

  async describe(signal: AbortSignal): Promise<DaemonDescription> {
    const version: unknown = await within(signal, () => this.#docker.version());
    // A daemon whose containerd hangs answers everything but this: it is not needed to go on.
    const info: unknown = await within(signal, () => this.#docker.info()).catch(() => null);
    signal.throwIfAborted();
    return {
      version: text(version, 'Version'),
      cgroupDriver: text(info, 'CgroupDriver'),
      root: text(info, 'DockerRootDir'),
    };
  }

  async list(signal: AbortSignal): Promise<ListedContainer[]> {
    const listed: unknown = await within(signal, (abortSignal) =>
      this.#docker.listContainers({ all: true, abortSignal }),
    );
    if (!Array.isArray(listed)) throw new Error('containers: expected a list from the daemon');
    return listed.flatMap((each: unknown) => {
      const id = text(each, 'Id');
      return id === '' ? [] : [{ id, state: text(each, 'State') }];
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

  /** Events from a time on (`seconds.nanoseconds`), until the daemon or the signal ends them. */
  async events(since: string, signal: AbortSignal): Promise<AsyncIterable<unknown>> {
    const options: Docker.GetEventsOptions = {
      filters: JSON.stringify({ type: ['container'], event: wantedEvents }),
      abortSignal: signal,
    };
    // The typing wants a number here, which could not hold the nanoseconds.
    Object.assign(options, { since });
    const stream = await withDeadline(this.#docker.getEvents(options));
    return readEvents(stream as Readable, signal);
  }
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
): Promise<T> {
  return await withDeadline(call(AbortSignal.any([signal, AbortSignal.timeout(deadlineMs)])));
}

/** Also for a call that does not listen to its signal. */
async function withDeadline<T>(call: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`expected the Docker daemon to answer within ${deadlineMs / 1000} s`));
    }, deadlineMs);
  });
  try {
    return await Promise.race([call, late]);
  } finally {
    clearTimeout(timer);
  }
}
