import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configSchema } from '@plimsoll/runtime';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { checkAccess } from '../../src/access/check-access.ts';
import { checkCgroups } from '../../src/access/check-cgroups.ts';
import { checkKernelLog } from '../../src/access/check-kernel-log.ts';
import { checkKubernetes } from '../../src/access/check-kubernetes.ts';
import { checkDataFolder, checkOpenFiles } from '../../src/access/check-state.ts';
import { describeFinding, type Finding } from '../../src/access/finding.ts';
import { readOwnProcess, type OwnProcess } from '../../src/access/own-process.ts';

let folder: string;
let server: Server | null;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'plimsoll-access-'));
  server = null;
});
afterEach(async () => {
  await new Promise((done) => (server === null ? done(null) : server.close(done)));
  rmSync(folder, { recursive: true, force: true });
});

const own: OwnProcess = {
  userId: 1000,
  capabilities: new Set(),
  maxOpenFiles: 1024,
  confinement: '',
};
const config = (collector: object = {}) => configSchema.parse({ collector }).collector;
const make = (path: string, text?: string): string => {
  const whole = join(folder, path);
  mkdirSync(text === undefined ? whole : join(whole, '..'), { recursive: true });
  if (text !== undefined) writeFileSync(whole, text);
  return whole;
};

describe('this process', () => {
  test('is what the kernel says of it', () => {
    make(
      'proc/self/status',
      'Name:\tnode\nUid:\t1000\t1001\t1000\t1000\nCapEff:\t0000000400080004\n',
    );
    make('proc/self/limits', 'Max open files            1024                 4096      files\n');
    make('proc/self/attr/current', 'docker-default (enforce)\n');
    expect(readOwnProcess(join(folder, 'proc'))).toEqual({
      userId: 1001,
      capabilities: new Set(['DAC_READ_SEARCH', 'SYSLOG', 'SYS_PTRACE']),
      maxOpenFiles: 1024,
      confinement: 'docker-default (enforce)',
    });
  });

  test('may be unknown', () => {
    expect(readOwnProcess(join(folder, 'nowhere'))).toMatchObject({
      capabilities: new Set(),
      maxOpenFiles: Number.POSITIVE_INFINITY,
    });
  });
});

describe('control groups', () => {
  const roots = (cgroup: string) => ({ proc: '/nowhere', sys: '/nowhere', cgroup });

  test('that are the host’s are fine', () => {
    make('cgroup/cgroup.controllers', 'memory\n');
    expect(checkCgroups(roots(join(folder, 'cgroup')))).toMatchObject({ level: 'ok' });
  });

  test('of a namespace of their own lack the other containers', () => {
    make('cgroup/cgroup.controllers', 'memory\n');
    make('cgroup/cgroup.events', 'populated 1\n');
    expect(checkCgroups(roots(join(folder, 'cgroup')))).toMatchObject({
      level: 'warn',
      remedy: expect.stringContaining('--cgroupns=host') as unknown,
    });
  });

  test('that are a part of a hierarchy lack the others', () => {
    make('cgroup/memory/cgroup.procs', '1\n');
    expect(checkCgroups(roots(join(folder, 'cgroup')))).toMatchObject({ level: 'warn' });
    make('cgroup/memory/release_agent', '\n');
    expect(checkCgroups(roots(join(folder, 'cgroup')))).toMatchObject({ level: 'ok' });
  });

  test('that are not there', () => {
    const finding = checkCgroups(roots(join(folder, 'none')));
    expect(finding).toMatchObject({ level: 'warn' });
    expect(finding.lost).toContain('memory');
  });
});

describe('Docker', () => {
  const socket = (): string => join(folder, 'docker.sock');
  const serve = async (answers: Record<string, object>): Promise<void> => {
    server = createServer((request, response) => {
      const answer = answers[request.url ?? ''];
      response.statusCode = answer === undefined ? 404 : 200;
      response.end(JSON.stringify(answer ?? {}));
    });
    await new Promise<void>((done) => server?.listen(socket(), done));
  };
  const check = async (collector: object = {}): Promise<Finding[]> => {
    const all = await checkAccess({
      config: config({
        docker: { socket: socket(), probe: { deadline: '200ms' } },
        roots: { host: folder },
        ...collector,
      }),
      dataDir: folder,
      signal: new AbortController().signal,
      own,
    });
    return all.filter(({ subject }) => subject === 'Docker' || subject === 'container logs');
  };
  const version = { Version: '28.1.0', ApiVersion: '1.49' };
  const info = { DockerRootDir: '/var/lib/docker' };

  test('that answers, with its logs in reach, is fine', async () => {
    make('disk/docker/containers');
    make('var/lib');
    symlinkSync('/disk/docker', join(folder, 'var/lib/docker'));
    await serve({ '/version': version, '/info': info });
    expect(await check()).toMatchObject([
      { level: 'ok', message: expect.stringMatching(/^28\.1\.0 \(API 1\.49\)/) as unknown },
      { level: 'ok', message: `${folder}/disk/docker/containers can be read` },
    ]);
  });

  test('whose data folder is not mounted here', async () => {
    await serve({ '/version': version, '/info': info });
    expect(await check()).toMatchObject([
      { level: 'ok' },
      {
        level: 'warn',
        lost: expect.stringContaining('json-file') as unknown,
        remedy: expect.stringContaining('mount the host’s /var/lib/docker') as unknown,
      },
    ]);
  });

  test('that accepts and does not answer', async () => {
    server = createServer(() => undefined);
    await new Promise<void>((done) => server?.listen(socket(), done));
    const findings = check();
    await expect(findings).resolves.toMatchObject([
      { level: 'warn', message: expect.stringContaining('within 200 ms, got late') as unknown },
    ]);
    server.closeAllConnections();
  });

  test('that is not there, and that is switched off', async () => {
    expect(await check()).toMatchObject([
      { level: 'warn', message: expect.stringContaining('ENOENT') as unknown },
    ]);
    expect(await check({ docker: { enabled: false } })).toMatchObject([{ level: 'ok' }]);
  });
});

describe('Kubernetes', () => {
  const check = (kubernetes: object = {}, env: NodeJS.ProcessEnv = {}) =>
    checkKubernetes(config({ kubernetes, roots: { host: folder } }), env);

  test('that is not on this host is no problem', () => {
    expect(check()).toMatchObject([{ level: 'ok' }]);
  });

  test('in a pod without the folder of logs says what to mount', () => {
    const env = { KUBERNETES_SERVICE_HOST: '10.0.0.1' };
    expect(check({}, env)).toMatchObject([
      { level: 'warn', remedy: expect.stringContaining('/var/log/pods') as unknown },
    ]);
  });

  test('with logs and no account says what is lost', () => {
    make('var/log/pods');
    expect(check()).toMatchObject([
      { level: 'ok' },
      {
        subject: 'Kubernetes API',
        level: 'warn',
        lost: expect.stringContaining('limits') as unknown,
      },
    ]);
    expect(check({ api: 'never' })).toMatchObject([{ level: 'ok' }, { level: 'ok' }]);
  });
});

describe('what else is needed', () => {
  test('a kernel log', () => {
    expect(checkKernelLog(make('kmsg', '6,1,1,-;hello\n'), own)).toMatchObject({ level: 'ok' });
    expect(checkKernelLog(join(folder, 'none'), own)).toMatchObject({
      level: 'warn',
      message: `${folder}/none is not here (ENOENT)`,
    });
  });

  test('enough open files', () => {
    const logs = { max_open_files: 1000 };
    expect(checkOpenFiles(config({ logs }), own)).toMatchObject({ level: 'warn' });
    expect(checkOpenFiles(config({ logs }), { ...own, maxOpenFiles: 2000 })).toMatchObject({
      level: 'ok',
    });
  });

  test('a data folder, which may have to be made', () => {
    expect(checkDataFolder(folder)).toMatchObject({ level: 'ok', message: folder });
    expect(checkDataFolder(join(folder, 'a/b'))).toMatchObject({
      level: 'ok',
      message: `${folder}/a/b, which will be made`,
    });
    expect(checkDataFolder('/proc/plimsoll')).toMatchObject({ level: 'fail' });
  });
});

test('a finding is one line', () => {
  const finding: Finding = { subject: 'a', level: 'warn', message: 'b', lost: 'c', remedy: 'd' };
  expect(describeFinding(finding)).toBe('a: b; not collected: c; what to do: d');
  expect(describeFinding({ ...finding, lost: '', remedy: '' })).toBe('a: b');
});
