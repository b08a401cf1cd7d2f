/** Statements as they are, results through pipes, and what happens when all threads are taken. */
import { readdirSync } from 'node:fs';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { rawAccessOf, type RawAccess } from '../../src/index.ts';
import { openTestEngine, type TestEngine } from '../support/test-engine.ts';

let opened: TestEngine;
let raw: RawAccess;
beforeAll(async () => {
  opened = await openTestEngine({ isMigrated: false });
  const access = rawAccessOf(opened.engine);
  if (!access) throw new Error('expected the embedded engine');
  raw = access;
});
afterAll(async () => opened[Symbol.asyncDispose]());

test('a result is one document, however many blocks it has', async () => {
  const connection = await raw.connect();
  const [pipe] = await raw.openPipes(1);
  if (!pipe) throw new Error('expected a pipe');
  for (const rows of [0, 1, 300_000]) {
    const reader = pipe.read();
    const bytes = buffer(reader);
    const sql = `SELECT number AS n FROM numbers(${rows}) INTO OUTFILE '${pipe.path}' APPEND COMPRESSION 'none' FORMAT JSONCompact`;
    expect(await connection.print(sql).finally(() => pipe.finish())).toMatchObject({
      resultRows: rows,
    });
    expect(JSON.parse((await bytes).toString())).toMatchObject({ rows });
  }
  const failed = pipe.read();
  const nothing = buffer(failed);
  await expect(connection.print('SELECT nothing').finally(() => pipe.finish())).rejects.toThrow(
    /nothing/,
  );
  expect(await nothing).toHaveLength(0);
  connection.close();
  pipe.close();
});

test('a statement that comes to its pipe after the reader has left is let go', async () => {
  const connection = await raw.connect();
  const [pipe] = await raw.openPipes(1);
  if (!pipe) throw new Error('expected a pipe');
  pipe.read().destroy();
  const sql = `SELECT number FROM numbers(3) INTO OUTFILE '${pipe.path}' APPEND COMPRESSION 'none' FORMAT CSV`;
  const printed = connection.print(sql).finally(() => pipe.finish());
  await pipe.ended(printed);
  // Free for the next one.
  const reader = pipe.read();
  const bytes = buffer(reader);
  await connection.print(sql).finally(() => pipe.finish());
  expect((await bytes).toString()).toBe('0\n1\n2\n');
  connection.close();
  pipe.close();
});

test('pipes and staged files leave no names', async () => {
  const before = readdirSync(`${opened.folder}/engine`).toSorted();
  const pipes = await raw.openPipes(3);
  const file = await raw.stage();
  await file.write(Buffer.from('1\n2\n'));
  expect(readdirSync(`${opened.folder}/engine`).toSorted()).toEqual(before);
  const connection = await raw.connect();
  await connection.run('CREATE TABLE t (a UInt8) ENGINE = MergeTree ORDER BY a');
  const insert = `INSERT INTO t FROM INFILE '${file.path}' COMPRESSION 'none' FORMAT TSV`;
  expect(await connection.run(insert)).toEqual({ writtenRows: 2, writtenBytes: 2 });
  await file.close();
  connection.close();
  for (const pipe of pipes) pipe.close();
});

test('statements that nobody reads are killed while they occupy every thread of the pool', async () => {
  const threads = Number(process.env['UV_THREADPOOL_SIZE'] ?? 4);
  const pipes = await raw.openPipes(threads);
  const runs = await Promise.all(
    pipes.map(async (pipe, index) => {
      const connection = await raw.connect();
      // Not read: the statement waits in the middle of its result.
      const reader = pipe.read();
      const done = connection
        .print(
          `/* stuck:${index} */ SELECT number FROM numbers(100000000000) INTO OUTFILE '${pipe.path}' APPEND FORMAT TSV`,
        )
        .then(
          () => 'ended',
          (error: unknown) => String(error),
        );
      return { connection, reader, done };
    }),
  );
  await new Promise((resolve) => setTimeout(resolve, 300));
  for (const [index, { reader, done, connection }] of runs.entries()) {
    reader.destroy();
    await raw.kill(`stuck:${index}`);
    expect(await done).toMatch(/QUERY_WAS_CANCELLED/);
    connection.close();
  }
  for (const pipe of pipes) pipe.close();
});

test('what is computed while a statement is planned does not stop the process', async () => {
  const limits = { maxExecutionMs: 20_000, maxMemoryBytes: 1e9, maxRows: 10, maxResultBytes: 1e6 };
  let turns = 0;
  const timer = setInterval(() => (turns += 1), 5);
  const sql =
    'SELECT (SELECT sum(cityHash64(number)) FROM numbers(500000000)) AS first, 2 AS second';
  const { rows } = await opened.engine.adhoc(sql, limits);
  for await (const batch of opened.engine.stream(sql)) expect(batch).toHaveLength(1);
  clearInterval(timer);
  expect(rows).toHaveLength(1);
  expect(turns).toBeGreaterThan(10);
});
