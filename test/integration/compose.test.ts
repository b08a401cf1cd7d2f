/** What infra/compose/compose.yaml and its parts say, held to what the roles take and to each other. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { loadConfig, type Config } from '@plimsoll/runtime';
import { afterAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { readCompose, readEnvFile, type ComposedService } from '../harness/compose-file.ts';

const infra = resolve(import.meta.dirname, '../../infra');
const file = join(infra, 'compose/compose.yaml');
const secrets = readEnvFile(join(infra, 'compose/env.example'));
const { services, networks, volumes, variables } = readCompose(file, secrets);
const users = readFileSync(join(infra, 'clickhouse/users.d/plimsoll.xml'), 'utf8');

const folder = mkdtempSync(join(tmpdir(), 'plimsoll-compose-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const all = Object.entries(services);
const ours = all.filter(([, { image }]) => image.startsWith('plimsoll/'));
const roles = ours.filter(([, { image }]) => image === 'plimsoll/server');

function configOf(service: ComposedService | undefined): Config {
  const result = loadConfig({ file: undefined, env: service?.environment ?? {}, cwd: folder });
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.config;
}

const service = (name: string): ComposedService => {
  const found = services[name];
  if (found === undefined) throw new Error(`expected a service ${name}, got none`);
  return found;
};

describe('every service', () => {
  test.each(all)('%s can do without rights, and is looked after', (name, one) => {
    expect(one.cap_drop).toEqual(['ALL']);
    expect(one.security_opt).toContain('no-new-privileges:true');
    expect(one.restart).toMatch(/unless-stopped|on-failure/);
    expect(one).toHaveProperty('mem_limit');
    // Kafka's image writes its configuration beside its program.
    expect(one.read_only ?? false).toBe(name !== 'kafka');
  });

  test.each(all)('%s is there in a version that is named, or built here', (_, { image, build }) => {
    const isBuilt =
      build !== undefined && existsSync(join(dirname(file), build.context, build.dockerfile));
    const isNamed = build === undefined && /:v?\d+\.\d+(\.\d+)?$/.test(image);
    expect(isBuilt || isNamed).toBe(true);
  });

  test('the broker is of the release that the tests run against', () => {
    const pom = readFileSync(join(infra, 'kafka/pom.xml'), 'utf8');
    const [, release] = /<artifactId>kafka_[^]*?<version>(.+)<\/version>/.exec(pom) ?? [];
    expect(service('kafka').image).toBe(`apache/kafka:${release}`);
  });

  test.each(all)('%s names networks, volumes and files that there are', (_, one) => {
    for (const name of one.networks ?? []) expect(networks).toHaveProperty(name);
    for (const volume of one.volumes ?? []) {
      const source = typeof volume === 'string' ? volume.split(':')[0] : volume.source;
      const isNamed = typeof volume === 'string' || volume.type === 'volume';
      const isThere = isNamed
        ? Object.hasOwn(volumes, source ?? '')
        : existsSync(resolve(dirname(file), source ?? ''));
      expect([source, isThere]).toEqual([source, true]);
    }
  });

  test.each(all)('%s waits for what can say that it is there', (_, one) => {
    for (const [name, { condition }] of Object.entries(one.depends_on ?? {})) {
      const { healthcheck, restart } = service(name);
      // Whoever ends is done when it did; whoever runs is there when its check says so.
      const canSay = healthcheck?.test === undefined ? restart === 'on-failure' : true;
      const said = healthcheck?.test === undefined ? 'completed_successfully' : 'healthy';
      expect([name, canSay, condition]).toEqual([name, true, `service_${said}`]);
    }
  });

  test.each(all)('%s is published on loopback alone', (_, { ports }) => {
    for (const port of ports ?? []) expect(port).toMatch(/^127\.0\.0\.1:/);
  });

  test('no port of this machine is published twice', () => {
    const published = all.flatMap(([, { ports }]) => ports ?? []).flatMap(hostPorts);
    published.push(configOf(services['collector']).http.port);
    expect(published).toEqual([...new Set(published)]);
  });
});

test('the example of secrets has what the file asks for, and nothing else', () => {
  expect(Object.keys(secrets).toSorted()).toEqual(
    [...new Set(variables.map(({ name }) => name))].toSorted(),
  );
  for (const { name, isNeeded } of variables) {
    expect(isNeeded).toBe(/PASSWORD|TOKEN/.test(name));
  }
});

describe('our roles', () => {
  test('are those of a fleet', () => {
    expect(roles.map(([name]) => name)).toEqual(['migrate', 'ingest', 'query', 'alerting']);
    expect(ours.map(([name]) => name)).toContain('collector');
    for (const [name, one] of roles) expect(one.command).toEqual([name]);
    expect(service('ingest').deploy?.replicas).toBe(2);
    expect(service('alerting').deploy).toBeUndefined();
  });

  test.each(roles)('%s has a configuration that is valid, and is nobody special', (_, one) => {
    const { storage } = configOf(one);
    expect(one.user).toBe('1000:1000');
    expect(storage.mode).toBe('server');
    const { hostname, port } = new URL(storage.url);
    expect([hostname, Number(port)]).toEqual(['clickhouse', 8123]);
    // A user of the server, with the password that the server has for it.
    expect(users).toContain(`<${storage.username}>`);
    const name = /^plimsoll_(\w+)$/.exec(storage.username)?.[1]?.toUpperCase() ?? '';
    expect(storage.password).toBe(secrets[`CLICKHOUSE_${name}_PASSWORD`]);
    expect(users).toContain(`<password from_env="CLICKHOUSE_${name}_PASSWORD"/>`);
    expect(one.networks).toContain('backend');
  });

  test('keep rows equally long, whichever sets it', () => {
    const kept = roles.map(([, one]) => configOf(one).storage.retention);
    expect(new Set(kept.map((retention) => JSON.stringify(retention))).size).toBe(1);
  });

  test('ingest and collector reach Kafka where it says that it is', () => {
    const { KAFKA_ADVERTISED_LISTENERS: advertised = '' } = service('kafka').environment ?? {};
    const { kafka } = configOf(services['ingest']).transport;
    expect(advertised.split(',')).toContain(`BACKEND://${kafka.brokers.join(',')}`);
    const collector = configOf(services['collector']);
    expect(collector.transport.mode).toBe('kafka');
    const [broker = ''] = collector.transport.kafka.brokers;
    expect(advertised.split(',')).toContain(`HOST://${broker}`);
    expect(service('kafka').ports).toEqual([`${broker}:${broker.split(':')[1]}`]);
  });

  test('publish the ports that they listen on, a receiver for each replica', () => {
    const { receivers } = configOf(services['ingest']);
    expect(receivers.host).toBe('0.0.0.0');
    expect(receivers.tokens[0]?.token).toBe(secrets['RECEIVERS_TOKEN']);
    const [pushed = ''] = service('ingest').ports ?? [];
    expect(pushed.endsWith(`:${receivers.port}`)).toBe(true);
    expect(hostPorts(pushed)).toHaveLength(service('ingest').deploy?.replicas ?? 0);
    const { http } = configOf(services['query']);
    expect(service('query').ports).toEqual([`127.0.0.1:${http.port}:${http.port}`]);
    expect([http.host, http.token]).toEqual(['0.0.0.0', secrets['HTTP_TOKEN']]);
  });

  test('reach what is outside where they have to, ClickHouse only among them', () => {
    expect(networks['backend']).toEqual({ internal: true });
    expect(service('alerting').networks).toContain('host');
    expect(service('migrate').networks).toEqual(['backend']);
  });
});

describe('what is beside them', () => {
  test('ClickHouse has a password for each of its users', () => {
    const given = Object.keys(service('clickhouse').environment ?? {});
    const wanted = [...users.matchAll(/from_env="(\w+)"/g)].map(([, name]) => name);
    expect(wanted).toHaveLength(4);
    expect(given).toEqual(expect.arrayContaining(wanted));
  });

  test('Grafana asks ClickHouse as one who may only read', () => {
    const { datasources } = parse(
      readFileSync(join(infra, 'grafana/provisioning/datasources/plimsoll.yaml'), 'utf8'),
    ) as { datasources: { type: string; url?: string; jsonData: Record<string, unknown> }[] };
    const { database, username } = configOf(services['query']).storage;
    expect(datasources.find(({ type }) => type.includes('clickhouse'))?.jsonData).toMatchObject({
      host: 'clickhouse',
      port: 8123,
      username,
      defaultDatabase: database,
    });
    expect(service('grafana').environment).toHaveProperty('CLICKHOUSE_QUERY_PASSWORD');
    const { url } = datasources.find(({ type }) => type === 'alertmanager') ?? {};
    expect(service('alertmanager').ports).toEqual([`127.0.0.1:9093:${new URL(url ?? '').port}`]);
  });

  test('Alertmanager has a route to a receiver that there is', () => {
    const { route, receivers } = parse(
      readFileSync(join(infra, 'alertmanager/alertmanager.yml'), 'utf8'),
    ) as { route: { receiver: string }; receivers: { name: string }[] };
    expect(receivers.map(({ name }) => name)).toContain(route.receiver);
  });
});

/** `127.0.0.1:4281-4282:4272` → 4281, 4282. */
function hostPorts(port: string): number[] {
  const [first = '', last = first] = (port.split(':')[1] ?? '').split('-');
  return Array.from({ length: Number(last) - Number(first) + 1 }, (_, i) => Number(first) + i);
}
