/**
 * A token that was given right after the migrations must be known after the engine was opened again:
 * else a batch that a crash interrupted is stored twice. A view that is changed in place breaks that.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodePushedRecord } from '@plimsoll/model';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { migrate, openEngine, type Engine } from '../../src/index.ts';
import { dockerLine, insertChunks, type ChunkKind } from '../support/log-chunks.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'plimsoll-tokens-'));
});
afterEach(async () => rm(folder, { recursive: true, force: true }));

const open = async (): Promise<Engine> =>
  openEngine({ mode: 'embedded', path: join(folder, 'engine'), database: 'plimsoll' });

const pushed = encodePushedRecord({
  position: 0,
  timeNs: 1_768_467_600_000_000_000n,
  stream: '',
  severity: 'warn',
  labels: '',
  text: 'pushed',
});

const chunks: Readonly<Record<ChunkKind, Buffer | string>> = {
  docker: dockerLine('whole\n'),
  docker_split: dockerLine('part ') + dockerLine('end\n'),
  cri: '2026-01-15T09:00:00Z stdout F line\n',
  plain: 'line\n',
  pushes: Buffer.from(pushed, 'latin1'),
};

async function store(engine: Engine): Promise<void> {
  for (const [kind, bytes] of Object.entries(chunks) as [ChunkKind, Buffer | string][]) {
    await insertChunks(engine, [{ bytes, fileId: kind }], { kind, token: `token-${kind}` });
  }
}

async function rowsByFile(engine: Engine): Promise<Record<string, number>> {
  const rows = await engine.select<{ file: string; rows: number }>(
    'SELECT file_id AS file, count() AS rows FROM logs GROUP BY file ORDER BY file',
  );
  return Object.fromEntries(rows.map(({ file, rows: count }) => [file, count]));
}

test('tokens are known over a restart that follows the migrations', async () => {
  const once = Object.fromEntries(Object.keys(chunks).map((kind) => [kind, 1]));
  let engine = await open();
  await migrate(engine);
  await store(engine);
  expect(await rowsByFile(engine)).toEqual(once);
  await engine.close();
  engine = await open();
  await migrate(engine);
  await store(engine);
  expect(await rowsByFile(engine)).toEqual(once);
  await engine.close();
});
