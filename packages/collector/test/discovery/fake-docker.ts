import { rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { Socket } from 'node:net';

export interface FakeContainer {
  id: string;
  name: string;
  state: string;
  labels?: Record<string, string>;
  restartCount?: number;
  logPath?: string;
  logDriver?: string;
  image?: string;
  imageId?: string;
  health?: string;
  failingStreak?: number;
}

interface FakeActor {
  ID: string;
  Attributes: Record<string, string>;
}

interface SentEvent {
  nanoseconds: bigint;
  line: string;
}

/** The part of the Docker API that discovery uses, on a unix socket, with a memory of events. */
export class FakeDocker {
  readonly containers = new Map<string, FakeContainer>();
  readonly socketPath: string;
  /** Most inspections that were under way at once. */
  maxInspections = 0;
  inspections = 0;
  /** `filters` of every subscription to events. */
  readonly filters: string[] = [];
  /** Answers of inspections of these containers: status code 500. */
  readonly broken = new Set<string>();
  /** By id and by name: what `GET /images/<image>/json` answers. */
  readonly images = new Map<string, object>();
  imageInspections = 0;
  /** Of `/info`, beside the driver of control groups. */
  info: object = { DockerRootDir: '/var/lib/docker' };

  readonly #events: SentEvent[] = [];
  readonly #streams = new Set<ServerResponse>();
  readonly #sockets = new Set<Socket>();
  #server: Server | null = null;
  #inspecting = 0;
  #nanoseconds = BigInt(Date.now()) * 1_000_000n;

  constructor(socketPath: string) {
    this.socketPath = socketPath;
  }

  async start(): Promise<void> {
    rmSync(this.socketPath, { force: true });
    const server = createServer((request, response) => {
      this.#answer(request, response).catch(() => response.destroy());
    });
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    server.listen(this.socketPath);
    await once(server, 'listening');
    this.#server = server;
  }

  /** As when the daemon ends: connections break and the socket is gone. */
  async stop(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    this.#server = null;
    for (const socket of this.#sockets) socket.destroy();
    server.close();
    await once(server, 'close');
    this.#streams.clear();
    rmSync(this.socketPath, { force: true });
  }

  set(container: FakeContainer): void {
    this.containers.set(container.id, container);
  }

  /** Happens whether or not somebody is connected. */
  emit(action: string, id: string, attributes: Record<string, string> = {}): void {
    const { name = 'gone', labels } = this.containers.get(id) ?? {};
    const said = { name, image: 'shop/app:1', ...labels, ...attributes };
    this.emitOf('container', action, { ID: id, Attributes: said });
  }

  emitOf(type: string, action: string, actor: FakeActor): void {
    this.#nanoseconds += 1_000_001n;
    const event = { Type: type, Action: action, Actor: actor, scope: 'local', time: 0 };
    const text = JSON.stringify(event).replace(
      '"time":0',
      `"time":0,"timeNano":${this.#nanoseconds}`,
    );
    const sent = { nanoseconds: this.#nanoseconds, line: `${text}\n` };
    this.#events.push(sent);
    for (const stream of this.#streams) stream.write(sent.line);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://docker');
    const json = (status: number, value: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(value));
    };
    if (url.pathname === '/_ping') return json(200, 'OK');
    if (url.pathname === '/version') return json(200, { Version: '99.1' });
    if (url.pathname === '/info') {
      return json(200, { CgroupDriver: 'systemd', ...this.info });
    }
    if (url.pathname === '/containers/json') {
      return json(
        200,
        [...this.containers.values()].map(({ id, state, health }) => ({
          Id: id,
          State: state,
          Status: health ? `Up 2 hours (${health})` : 'Up 2 hours',
        })),
      );
    }
    if (url.pathname === '/events') return this.#stream(url, response);
    const image = /^\/images\/(.+)\/json$/.exec(url.pathname)?.[1];
    if (image !== undefined) {
      this.imageInspections += 1;
      const found = this.images.get(decodeURIComponent(image));
      return found ? json(200, found) : json(404, { message: 'no such image' });
    }
    const id = /^\/containers\/([^/]+)\/json$/.exec(url.pathname)?.[1] ?? '';
    this.inspections += 1;
    this.#inspecting += 1;
    this.maxInspections = Math.max(this.maxInspections, this.#inspecting);
    await new Promise((resolve) => setTimeout(resolve, 1));
    this.#inspecting -= 1;
    const container = this.containers.get(id);
    if (this.broken.has(id)) return json(500, { message: 'layer does not exist' });
    if (!container) return json(404, { message: 'No such container' });
    return json(200, describe(container));
  }

  #stream(url: URL, response: ServerResponse): void {
    this.filters.push(url.searchParams.get('filters') ?? '');
    const [seconds = '0', fraction = '0'] = (url.searchParams.get('since') ?? '0').split('.');
    const since = BigInt(seconds) * 1_000_000_000n + BigInt(fraction.padEnd(9, '0'));
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    for (const { nanoseconds, line } of this.#events) {
      if (nanoseconds >= since) response.write(line);
    }
    this.#streams.add(response);
    response.on('close', () => this.#streams.delete(response));
  }
}

function describe(container: FakeContainer): object {
  const isRunning = container.state === 'running';
  return {
    Id: container.id,
    Name: `/${container.name}`,
    Created: '2026-01-01T00:00:00.5Z',
    Image: container.imageId ?? 'sha256:abc',
    RestartCount: container.restartCount ?? 0,
    LogPath: container.logPath ?? '',
    State: {
      Status: container.state,
      Pid: isRunning ? 4321 : 0,
      StartedAt: '2026-01-01T00:00:01Z',
      FinishedAt: '0001-01-01T00:00:00Z',
      ExitCode: isRunning ? 0 : 137,
      ...(container.health && {
        Health: { Status: container.health, FailingStreak: container.failingStreak ?? 0 },
      }),
    },
    Config: { Image: container.image ?? 'shop/app:1', Labels: container.labels ?? {} },
    HostConfig: {
      LogConfig: { Type: container.logDriver ?? 'json-file' },
      Memory: 1024,
      NanoCpus: 5e8,
      PidsLimit: -1,
    },
  };
}
