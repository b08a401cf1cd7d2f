/** Collector → journal → ingest → embedded engine in this process: what files hold can be asked for in SQL. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Collector } from '@plimsoll/collector';
import { configSchema, Metrics, silentLogger } from '@plimsoll/runtime';
import { migrate, openEngine, type Engine } from '@plimsoll/storage';
import { startJournalIngest, type JournalIngest } from './journal-ingest.ts';

export interface LocalPipelineOptions {
  /** Where it keeps what it keeps. */
  folder: string;
  /** Of the collector; Docker and pods are not looked for unless it says so. */
  collector: Readonly<Record<string, unknown>>;
  /** What inserts go through: for an engine that fails. */
  wrapEngine?: (engine: Engine) => Engine;
}

interface Running {
  collector: Collector;
  ingest: JournalIngest;
}

export class LocalPipeline implements AsyncDisposable {
  readonly engine: Engine;
  readonly #options: LocalPipelineOptions;
  #running: Running | null = null;

  private constructor(options: LocalPipelineOptions, engine: Engine) {
    this.#options = options;
    this.engine = engine;
  }

  static async open(options: LocalPipelineOptions): Promise<LocalPipeline> {
    mkdirSync(options.folder, { recursive: true });
    const path = join(options.folder, 'engine');
    const database = 'plimsoll';
    const engine = await openEngine({ mode: 'embedded', path, database, insertConnections: 2 });
    await migrate(engine);
    return new LocalPipeline(options, engine);
  }

  async start(): Promise<void> {
    const { folder, wrapEngine = (engine) => engine } = this.#options;
    const given = { docker: { enabled: false }, kubernetes: { enabled: 'never' } };
    const quiet = { orphans: { enabled: false }, stats: { enabled: false } };
    const { collector: config, tenant } = configSchema.parse({
      collector: { host: 'here', ...given, ...quiet, ...this.#options.collector },
    });
    const shared = { logger: silentLogger(), metrics: new Metrics() };
    const ingest = await startJournalIngest({
      ...shared,
      engine: wrapEngine(this.engine),
      folder,
      journalBytes: 64 * 1024 * 1024,
      batchBytes: 1024 * 1024,
      flushIntervalMs: 20,
      concurrency: 1,
    });
    const stateDirectory = join(folder, 'state');
    const collector = new Collector({
      config,
      tenant,
      stateDirectory,
      version: 'test',
      publisher: ingest.transport,
      logger: silentLogger(),
    });
    await collector.start();
    this.#running = { collector, ingest };
  }

  async stop(): Promise<void> {
    const running = this.#running;
    this.#running = null;
    await running?.collector.stop();
    await running?.ingest.stop();
  }

  /** What is stored of all logs whose name (path or container) is like a pattern, by position. */
  async lines(like: string): Promise<string[]> {
    const rows = await this.engine.select<{ message: string }>(
      'SELECT message FROM logs WHERE container_name LIKE {like:String} ORDER BY time, position',
      { params: { like } },
    );
    return rows.map(({ message }) => message);
  }

  /** What the collector could not read or hand over, by reason. */
  get dropped(): Readonly<Record<string, number>> {
    return this.#running?.collector.status().dropped ?? {};
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await this.engine.close();
  }
}
