/**
 * Roles in containers of their own, run as infra/compose/compose.yaml says: nobody special, on a root
 * that is read-only, without the engine, over a "plimsoll storage" of the host.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readCompose, readEnvFile } from '../harness/compose-file.ts';
import { runFlags } from '../harness/compose-service.ts';
import { type DockerDaemon, dockerMissing, startDocker } from '../harness/docker-daemon.ts';
import { readDockerfile } from '../harness/dockerfile.ts';
import { eventually } from '../harness/eventually.ts';
import { freePort, startPlimsoll, type PlimsollProcess } from '../harness/plimsoll-process.ts';
import { isSkipped } from '../harness/requirement.ts';
import { importServerImage } from '../harness/server-image.ts';

const infra = resolve(import.meta.dirname, '../../infra');
const secrets = readEnvFile(join(infra, 'compose/env.example'));
const { services } = readCompose(join(infra, 'compose/compose.yaml'), secrets);
const { healthcheck } = readDockerfile(join(infra, 'docker/server.Dockerfile'));

describe.skipIf(isSkipped(dockerMissing()))('the roles in containers', () => {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-server-'));
  let docker: DockerDaemon;
  let image: string;
  let storage: PlimsollProcess;
  let clickhouse = '';

  beforeAll(async () => {
    const port = await freePort();
    clickhouse = `http://127.0.0.1:${port}`;
    const user = (kind: string, access: string) => ({
      name: `plimsoll_${kind}`,
      access,
      password: secrets[`CLICKHOUSE_${kind.toUpperCase()}_PASSWORD`],
    });
    const users = [user('query', 'read'), user('ingest', 'ingest'), user('migrate', 'admin')];
    storage = await startPlimsoll({
      folder: join(folder, 'storage'),
      args: ['storage'],
      config: { clickhouse_http: { port, users } },
    });
    docker = await startDocker(join(folder, 'docker'));
    image = importServerImage(docker, folder);
  });
  afterAll(async () => {
    await docker.stop();
    await storage.end('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });

  /** As compose does, on the host's network: these machines have no other. */
  const start = async (name: string, environment: Record<string, string> = {}): Promise<string> => {
    const service = services[name];
    if (service === undefined) throw new Error(`expected a service ${name}, got none`);
    const port = String(await freePort());
    const own = {
      PLIMSOLL_STORAGE__URL: clickhouse,
      PLIMSOLL_HTTP_PORT: port,
      PLIMSOLL_RECEIVERS__PORT: String(await freePort()),
      ...environment,
    };
    const { volumes: _volumes, ...rest } = service;
    const flags = runFlags({ ...rest, network_mode: 'host' }, own);
    const options = ['--security-opt=no-new-privileges', ...flags];
    docker.docker('run', '-d', '--name', name, ...options, image, ...(service.command ?? []));
    return `http://127.0.0.1:${port}`;
  };
  const untilReady = (name: string, url: string): Promise<unknown> =>
    eventually('readiness', 30_000, async () => {
      const state = docker.docker('inspect', '--format={{.State.Status}}', name);
      expect([state, docker.docker('logs', '--tail=20', name)]).toEqual([
        'running',
        expect.anything(),
      ]);
      return (await fetch(`${url}/readyz`)).ok;
    });
  const stop = (name: string): string => {
    docker.docker('stop', '--time=10', name);
    return docker.docker('inspect', '--format={{.State.ExitCode}}', name);
  };

  test('migrate ends with 0 where there is nothing to do', async () => {
    await start('migrate');
    expect(docker.docker('wait', 'migrate')).toBe('0');
    expect(docker.docker('logs', 'migrate')).toContain('nothing to do');
  });

  test('query serves the page and the API to who has the token, and says that it is well', async () => {
    const url = await start('query');
    await untilReady('query', url);
    expect(await (await fetch(url)).text()).toContain('<title>');
    const ask = (token: string) =>
      fetch(`${url}/api/plimsoll/v1/sql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
        body: JSON.stringify({ query: 'SELECT count() FROM logs' }),
      });
    expect((await ask('guessed')).status).toBe(401);
    expect(await (await ask(secrets['HTTP_TOKEN'] ?? '')).json()).toMatchObject({ rows: [['0']] });
    const [, check = '[]'] = /CMD (\[.*\])$/.exec(healthcheck) ?? [];
    const [, ...script] = JSON.parse(check) as string[];
    expect(docker.docker('exec', 'query', '/usr/bin/node', ...script)).toBe('');
    expect(stop('query')).toBe('0');
  });

  test('nobody in it may write, not even beside the program', async () => {
    const url = await start('alerting', {
      PLIMSOLL_STORAGE__USERNAME: 'plimsoll_ingest',
      PLIMSOLL_STORAGE__PASSWORD: secrets['CLICKHOUSE_INGEST_PASSWORD'] ?? '',
    });
    await untilReady('alerting', url);
    const attempt = `const { writeFileSync } = require('node:fs');
      for (const path of ['/app/x', '/var/lib/plimsoll/x', '/etc/x', '/tmp/x'])
        try { writeFileSync(path, ''); console.log(path); } catch (error) { console.log(error.code); }
      console.log(process.getuid())`;
    const output = docker.docker('exec', 'alerting', '/usr/bin/node', '-e', attempt);
    expect(output.split('\n')).toEqual(['EROFS', 'EROFS', 'EROFS', '/tmp/x', '1000']);
    expect(stop('alerting')).toBe('0');
  });

  test('ingest without Kafka waits and says so, and stops all the same', async () => {
    const url = await start('ingest', { PLIMSOLL_TRANSPORT__KAFKA__BROKERS: '127.0.0.1:1' });
    const reason = await eventually('a reason', 30_000, async () => {
      const response = await fetch(`${url}/readyz`);
      const { checks } = (await response.json()) as { checks: { name: string; reason?: string }[] };
      return checks.find(({ name }) => name === 'subscriber')?.reason?.includes('127.0.0.1:1');
    });
    expect(reason).toBe(true);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    expect(stop('ingest')).toBe('0');
  });
});
