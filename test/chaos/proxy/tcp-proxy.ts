/**
 * One TCP link on loopback that can be broken: everything is passed on from `port` to `target`.
 *
 *     drop           nothing passes, nothing is said; connections stay open
 *     drop_requests  nothing passes to the target
 *     drop_replies   nothing passes back from the target
 *     reset          connections are reset, new ones too
 *     delay          every piece waits
 *
 * What was dropped while a connection was open is lost to it, so it is reset when the link heals:
 * a stream with a hole is what no TCP would give.
 */
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Link, LinkFault } from '../pipeline.ts';

export interface TcpProxyOptions {
  name: string;
  port: number;
  target: number;
}

interface Pair {
  client: Socket;
  target: Socket;
  /** Bytes of it were dropped. */
  isHurt: boolean;
}

const delayMs = 700;

export class TcpProxy implements Link {
  readonly name: string;
  readonly #options: TcpProxyOptions;
  readonly #pairs = new Set<Pair>();
  #server: Server | null = null;
  #fault: LinkFault | null = null;
  #effects = 0;

  constructor(options: TcpProxyOptions) {
    this.name = options.name;
    this.#options = options;
  }

  async start(): Promise<void> {
    const server = createServer((client) => {
      this.#accept(client);
    });
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.#options.port, '127.0.0.1', resolve);
    });
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    this.#resetAll();
    if (server) await new Promise((resolve) => server.close(resolve));
  }

  break(fault: LinkFault): void {
    this.#fault = fault;
    this.#effects = 0;
    if (fault === 'reset') {
      this.#effects += this.#pairs.size;
      this.#resetAll();
    }
  }

  heal(): number {
    this.#fault = null;
    for (const pair of this.#pairs) if (pair.isHurt) reset(pair);
    return this.#effects;
  }

  #resetAll(): void {
    for (const pair of this.#pairs) reset(pair);
  }

  #accept(client: Socket): void {
    if (this.#fault === 'reset') {
      this.#effects += 1;
      client.on('error', () => undefined);
      client.resetAndDestroy();
      return;
    }
    const target = connect({ host: '127.0.0.1', port: this.#options.target });
    const pair: Pair = { client, target, isHurt: false };
    this.#pairs.add(pair);
    client.setNoDelay(true);
    target.setNoDelay(true);
    this.#pump(pair, { from: client, to: target, dropped: 'drop_requests' });
    this.#pump(pair, { from: target, to: client, dropped: 'drop_replies' });
    // Nothing listens there: the client is to see it, unless the link is silent.
    target.once('error', () => {
      if (!isSilent(this.#fault)) reset(pair);
    });
    const end = (): void => {
      if (client.destroyed && target.destroyed) this.#pairs.delete(pair);
    };
    client.once('close', end);
    target.once('close', end);
  }

  #pump(pair: Pair, { from, to, dropped }: { from: Socket; to: Socket; dropped: LinkFault }): void {
    from.on('data', (data: Buffer) => {
      if (this.#fault === 'drop' || this.#fault === dropped) {
        pair.isHurt = true;
        this.#effects += 1;
        return;
      }
      if (this.#fault === 'delay') {
        this.#effects += 1;
        from.pause();
        setTimeout(() => {
          from.resume();
          if (!to.destroyed) to.write(data);
        }, delayMs);
        return;
      }
      if (to.destroyed || to.write(data)) return;
      from.pause();
      to.once('drain', () => from.resume());
    });
    from.on('end', () => {
      if (!this.#hides(pair)) to.end();
    });
    from.on('error', () => {
      if (!this.#hides(pair)) to.resetAndDestroy();
    });
    from.on('close', () => {
      if (!this.#hides(pair)) to.destroySoon();
    });
  }

  /** An end that the link does not let through: the other side learns of it when it heals. */
  #hides(pair: Pair): boolean {
    if (!isSilent(this.#fault)) return false;
    pair.isHurt = true;
    this.#effects += 1;
    return true;
  }
}

function isSilent(fault: LinkFault | null): boolean {
  return fault === 'drop' || fault === 'drop_replies' || fault === 'drop_requests';
}

function reset({ client, target }: Pair): void {
  for (const socket of [client, target]) {
    socket.on('error', () => undefined);
    socket.resetAndDestroy();
  }
}
