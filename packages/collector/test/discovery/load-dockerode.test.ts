import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const path = join(import.meta.dirname, '../../src/discovery/load-dockerode.ts');

/** In a process of its own, where nothing is loaded yet. */
function run(script: string): unknown {
  const source = `
    import { createRequire } from 'node:module';
    const { loadDockerode } = await import(${JSON.stringify(path)});
    const require = createRequire(${JSON.stringify(path)});
    const loaded = () => Object.keys(require.cache);
    ${script}`;
  const printed = execFileSync(process.execPath, ['--input-type=module', '-e', source], {
    encoding: 'utf8',
  });
  return JSON.parse(printed);
}

test('dockerode works without clients for SSH and gRPC', () => {
  const result = run(`
    const Docker = loadDockerode();
    const docker = new Docker({ socketPath: '/nowhere/docker.sock' });
    const reason = await docker.ping().catch(({ code }) => code);
    const heavy = loaded().filter((path) => /node_modules.(ssh2|@grpc|protobufjs)./.test(path));
    console.log(JSON.stringify({ reason, heavy, again: loadDockerode() === Docker }));`);
  expect(result).toEqual({ reason: 'ENOENT', heavy: [], again: true });
});

test('whoever asks for those afterwards gets them', () => {
  const result = run(`
    loadDockerode();
    const modem = createRequire(createRequire(require.resolve('dockerode')).resolve('docker-modem'));
    console.log(JSON.stringify(typeof modem('ssh2').Client));`);
  expect(result).toBe('function');
});
