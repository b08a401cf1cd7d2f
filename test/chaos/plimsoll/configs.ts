/** Configuration files of our roles, as a user would write them, with short deadlines. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { containerLogs, plainPattern, podLogs, type HostPlace } from '../writers/log-place.ts';
import {
  brokerIds,
  brokerProxyPort,
  directPort,
  enginePort,
  opsPort,
  storeLinkPort,
  type Topology,
} from './topology.ts';

export const topicPrefix = 'chaos';
export const consumerGroup = 'chaos-ingest';
/** Pauses of the nemesis are longer. */
export const sessionTimeoutMs = 6000;

/** The engine’s own role brings the tables up to date. */
const storeUser = { username: 'ingest', password: 'of-this-run-alone' };
/** The harness only looks. */
export const readUser = { username: 'checker', password: 'of-this-run-alone' };

export interface RoleConfig {
  name: string;
  folder: string;
  config: Record<string, unknown>;
}

/** @returns path of the file */
export function writeConfig({ name, folder, config }: RoleConfig): string {
  const path = join(folder, `${name}.yaml`);
  writeFileSync(path, stringify(config));
  return path;
}

export function collectorConfig(
  topology: Topology,
  { name, dataFolder, place }: { name: string; dataFolder: string; place: HostPlace },
): Record<string, unknown> {
  return {
    ...common(topology, name, dataFolder),
    transport: kafka(topology, name),
    collector: {
      host: place.host,
      docker: { enabled: false },
      kubernetes: {
        enabled: 'always',
        pod_logs: podLogs(place),
        container_logs: containerLogs(place),
        api: 'never',
      },
      orphans: { enabled: false },
      gpu: { nvidia_smi: 'off' },
      logs: { files: [plainPattern(place)] },
      stats: { interval: '5s' },
    },
  };
}

export function ingestConfig(
  topology: Topology,
  { name, dataFolder }: { name: string; dataFolder: string },
): Record<string, unknown> {
  return {
    ...common(topology, name, dataFolder),
    transport: kafka(topology, name),
    storage: {
      mode: 'server',
      url: `http://127.0.0.1:${storeLinkPort(topology, name)}`,
      ...storeUser,
    },
    ingest: { flush_interval: '500ms' },
    receivers: { enabled: false },
  };
}

export function engineConfig(topology: Topology, dataFolder: string): Record<string, unknown> {
  return {
    ...common(topology, 'engine', dataFolder),
    storage: { mode: 'embedded' },
    clickhouse_http: {
      port: enginePort(topology),
      users: [
        { name: storeUser.username, password: storeUser.password, access: 'ingest' },
        { name: readUser.username, password: readUser.password, access: 'read' },
      ],
    },
    receivers: { enabled: false },
  };
}

function common(topology: Topology, name: string, dataFolder: string): Record<string, unknown> {
  return {
    data_dir: dataFolder,
    log: { level: 'info', format: 'json' },
    http: { port: opsPort(topology, name) },
  };
}

function kafka(topology: Topology, client: string): Record<string, unknown> {
  return {
    mode: 'kafka',
    kafka: {
      brokers: brokerIds.map((id) => `127.0.0.1:${brokerProxyPort(topology, client, id)}`),
      client_id: client,
      topic_prefix: topicPrefix,
      group: consumerGroup,
      session_timeout: `${sessionTimeoutMs}ms`,
      topics: { partitions: 6, replicas: 3 },
    },
  };
}

/** For the harness's own looks. */
export function directBrokers(topology: Topology): string[] {
  return brokerIds.map((id) => `127.0.0.1:${directPort(topology, id)}`);
}
