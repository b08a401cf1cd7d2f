/** A real embedded engine with the real schema in a folder of its own, and a server over it. */
import { join } from 'node:path';
import {
  containerStatsValues,
  hostLabels,
  hostStatsValues,
  type TargetLabels,
} from '@plimsoll/model';
import { configSchema, Metrics, silentLogger, type Config } from '@plimsoll/runtime';
import type { Engine } from '@plimsoll/storage';
import { openTestEngine } from '@plimsoll/storage/testing';
import type { FastifyInstance } from 'fastify';
import { createQueryServer, type ProcessStatus } from '@plimsoll/query';

/** Everything seeded lies around this moment; late enough that no retention touches it. */
export const now = Date.now();

export interface Fixture {
  engine: Engine;
  insert(table: string, rows: readonly object[]): Promise<void>;
  /** Another server over the same rows. */
  serve(options?: ServeOptions): Promise<FastifyInstance>;
  close(): Promise<void>;
}

export interface ServeOptions {
  config?: object;
  status?: () => ProcessStatus;
  webRoot?: string;
  now?: () => number;
  engine?: Engine;
  metrics?: Metrics;
}

export async function openFixture(): Promise<Fixture> {
  const opened = await openTestEngine();
  const { engine, folder } = opened;
  const servers: FastifyInstance[] = [];
  return {
    engine,
    insert: async (table, rows) => {
      const [first] = rows;
      if (!first) return;
      await engine.insert({
        table,
        columns: Object.keys(first),
        format: 'JSONEachRow',
        data: Buffer.from(rows.map((row) => `${JSON.stringify(row)}\n`).join('')),
      });
    },
    serve: async (options = {}) => {
      const app = await createQueryServer({
        engine: options.engine ?? engine,
        config: testConfig(options.config),
        logger: silentLogger(),
        metrics: options.metrics ?? new Metrics(),
        webRoot: options.webRoot ?? join(folder, 'no-such-build'),
        now: options.now ?? (() => now),
        ...(options.status && { status: options.status }),
      });
      servers.push(app);
      return app;
    },
    close: async () => {
      for (const app of servers) await app.close();
      await opened[Symbol.asyncDispose]();
    },
  };
}

function testConfig(overrides: object = {}): Config {
  return configSchema.parse(overrides);
}

/** `2026-01-31 23:59:59.123` */
export function stamp(ms: number): string {
  return new Date(ms).toISOString().replace('T', ' ').replace('Z', '');
}

/** Nanoseconds since 1970 as DateTime64(9) text. */
function stampNs(ns: bigint): string {
  const rest = (ns % 1_000_000_000n).toString().padStart(9, '0');
  return `${stamp(Number(ns / 1_000_000_000n) * 1000).slice(0, 19)}.${rest}`;
}

export function containerLabels(name: string, more: Partial<TargetLabels> = {}): TargetLabels {
  return {
    ...hostLabels('default', 'node-1'),
    container_id: containerId(name),
    container_name: name,
    image: 'shop/checkout:2.41.0',
    ...more,
  };
}

/** 64 digits that tell the name. */
export function containerId(name: string): string {
  return Buffer.from(name).toString('hex').padEnd(64, '0').slice(0, 64);
}

export function containerStats(
  at: number,
  labels: TargetLabels,
  values: Partial<Record<keyof typeof containerStatsValues, number | null>> & {
    started_at?: number;
  } = {},
): object {
  const { started_at: startedAt, ...given } = values;
  const nulls = Object.fromEntries(Object.keys(containerStatsValues).map((name) => [name, null]));
  return {
    time: stamp(at),
    started_at: stamp(startedAt ?? now - 7_200_000),
    ...labels,
    ...nulls,
    ...given,
  };
}

export function hostStats(
  at: number,
  host: string,
  values: Partial<Record<keyof typeof hostStatsValues, number | null>>,
): object {
  const nulls = Object.fromEntries(Object.keys(hostStatsValues).map((name) => [name, null]));
  return { time: stamp(at), tenant: 'default', host, ...nulls, ...values };
}

export function collectorStats(at: number, host: string, values: object = {}): object {
  return {
    time: stamp(at),
    tenant: 'default',
    host,
    collector_id: `collector-${host}`,
    version: '0.1.0',
    kernel: '6.18.0',
    cgroup_mode: 'v2',
    docker_version: '29.0.0',
    docker_status: 'connected',
    containers_watched: 1,
    log_files_watched: 1,
    log_bytes_read_total: 0,
    log_lines_read_total: 0,
    log_bytes_acknowledged_total: 0,
    log_lines_acknowledged_total: 0,
    log_lag_bytes: 0,
    log_lag_seconds: 0,
    scrape_seconds: 0.01,
    cpu_seconds_total: 1,
    memory_rss_bytes: 1,
    dropped_total: {},
    ...values,
  };
}

export interface LogSeed {
  ns: bigint;
  message: string;
  position: number;
  labels?: TargetLabels;
  fileId?: string;
  severity?: string;
  stream?: string;
  messageRaw?: string;
  ingestedAt?: number;
}

export function logRow(seed: LogSeed): object {
  return {
    time: stampNs(seed.ns),
    ...(seed.labels ?? containerLabels('checkout-1')),
    stream: seed.stream ?? 'stdout',
    severity: seed.severity ?? 'info',
    message: seed.message,
    message_raw: seed.messageRaw ?? '',
    file_id: seed.fileId ?? 'file-1',
    position: seed.position,
    ingested_at: stamp(seed.ingestedAt ?? now).slice(0, 19),
  };
}

export async function getJson<T>(app: FastifyInstance, path: string): Promise<T> {
  const response = await app.inject({ method: 'GET', url: `/api/plimsoll/v1/${path}`, headers });
  if (response.statusCode !== 200) {
    throw new Error(`${path}: ${response.statusCode} ${response.body.slice(0, 500)}`);
  }
  return response.json<T>();
}

const headers = { host: 'localhost:4270' };
