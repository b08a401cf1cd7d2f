/** What the Dockerfiles put into the images, held to what the programs need. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { productionTree } from '@plimsoll/infra/production-tree';
import { loadConfig } from '@plimsoll/runtime';
import { afterAll, describe, expect, test } from 'vitest';
import { readDockerfile } from '../harness/dockerfile.ts';

const root = resolve(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'plimsoll-images-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const images = [
  { name: 'collector', workspace: 'packages/agent', user: '0:0' },
  { name: 'server', workspace: 'packages/plimsoll', user: '1000:1000' },
];

describe.each(images)('the image of the $name', ({ name, workspace, user }) => {
  const dockerfile = readDockerfile(join(root, `infra/docker/${name}.Dockerfile`));
  const copies = dockerfile.stages.flatMap((stage) => stage.copies);
  const sources = copies.filter(({ from }) => from === null).flatMap((copy) => copy.sources);

  test('copies what is there', () => {
    for (const source of sources)
      expect([source, existsSync(join(root, source))]).toEqual([source, true]);
  });

  test('is made of stages that come before', () => {
    const seen = new Set(['${NODE_IMAGE}']);
    for (const stage of dockerfile.stages) {
      expect(seen).toContain(stage.from);
      const from = stage.copies.map((copy) => copy.from).filter((other) => other !== null);
      expect([...seen]).toEqual(expect.arrayContaining(from));
      seen.add(stage.name);
    }
  });

  test('has the source of each workspace that it needs, and all else that those read', () => {
    const wanted = productionTree(root, workspace)
      .map((found) => found.folder)
      .filter((path) => path.startsWith('packages/'));
    const copied = (part: string): string[] =>
      sources
        .filter((path) => path.endsWith(`/${part}`))
        .map((path) => path.slice(0, -part.length - 1));
    expect([...new Set(copied('src'))].toSorted()).toEqual(wanted.toSorted());
    expect(copied('package.json')).toEqual(expect.arrayContaining(wanted));
    const migrations = wanted.filter((path) => existsSync(join(root, path, 'migrations')));
    expect(copied('migrations')).toEqual(migrations);
  });

  test('has settings that there are', () => {
    const result = loadConfig({ file: undefined, env: dockerfile.env, cwd: folder });
    expect(result).toMatchObject({ ok: true });
  });

  test('begins with a file that it has, as the user that it needs, and is asked how it is', () => {
    const script = dockerfile.entrypoint.at(-1) ?? '';
    expect(script.startsWith('/app/')).toBe(true);
    expect(existsSync(join(root, script.slice('/app/'.length)))).toBe(true);
    expect(dockerfile.user).toBe(user);
    expect(dockerfile.healthcheck).toContain('/healthz');
    expect(dockerfile.env).toHaveProperty('PLIMSOLL_HTTP_PORT');
  });
});

test('the page is where the server looks for it', () => {
  const { stages } = readDockerfile(join(root, 'infra/docker/server.Dockerfile'));
  const fromPage = stages.flatMap(({ copies }) => copies).filter(({ from }) => from === 'page');
  expect(fromPage).toEqual([{ from: 'page', sources: ['/app/packages/web/dist'] }]);
});
