import fastify from 'fastify';
import type { FastifyInstance } from 'fastify';
import { listen } from '../listen.ts';
import { opsRoutes } from './routes.ts';
import type { OpsOptions } from './routes.ts';

export interface OpsServerOptions extends OpsOptions {
  host: string;
  port: number;
}

/** The ops routes alone, for a role that serves nothing else. */
export class OpsServer {
  readonly #options: OpsServerOptions;
  #app: FastifyInstance | null = null;
  #url = '';

  constructor(options: OpsServerOptions) {
    this.#options = options;
  }

  /** Where it listens, with the port that was given when the one asked for was 0. */
  get url(): string {
    return this.#url;
  }

  async start(): Promise<void> {
    if (this.#app !== null) return;
    const app = fastify({ logger: false, forceCloseConnections: true });
    await app.register(opsRoutes, this.#options);
    this.#url = await listen(app, this.#options);
    this.#app = app;
  }

  async stop(): Promise<void> {
    const app = this.#app;
    this.#app = null;
    await app?.close();
  }
}
