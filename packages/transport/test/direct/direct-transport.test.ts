import { mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Metrics, silentLogger } from '@plimsoll/runtime';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DirectTransport, type Batch, type DirectTransportOptions } from '../../src/index.ts';
import { describeTransport } from '../conformance.ts';

let folder: string;
let transport: DirectTransport;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'plimsoll-journal-'));
});
afterEach(async () => {
  await transport.stop();
  await rm(folder, { recursive: true, force: true });
});

const open = async (options: Partial<DirectTransportOptions> = {}): Promise<DirectTransport> => {
  transport = new DirectTransport({
    directory: join(folder, 'journal'),
    maxBytes: 100_000_000,
    batchMaxBytes: 1_000_000,
    flushIntervalMs: 20,
    logger: silentLogger(),
    metrics: new Metrics(),
    ...options,
  });
  await transport.start();
  return transport;
};
const frame = (bytes: Buffer | string): { key: string; kind: 'logs'; bytes: Buffer } => ({
  key: 'h',
  kind: 'logs',
  bytes: Buffer.from(bytes),
});
const files = async (): Promise<string[]> =>
  (await readdir(join(folder, 'journal'))).filter((name) => name.endsWith('.batch')).toSorted();
const drain = async (frames: number): Promise<Batch[]> => {
  const batches: Batch[] = [];
  const stop = new AbortController();
  let seen = 0;
  await transport.run((batch) => {
    batches.push(batch);
    seen += batch.frames.length;
    if (seen >= frames) stop.abort();
    return Promise.resolve();
  }, stop.signal);
  return batches;
};

describe('publish', () => {
  test('resolves when the frame is in a file under its final name', async () => {
    await open();
    await transport.publish(frame('durable'));
    const [name] = await files();
    expect(await readFile(join(folder, 'journal', name ?? ''), 'utf8')).toContain('durable');
  });

  test('many at once share one file', async () => {
    await open();
    await Promise.all(Array.from({ length: 200 }, async () => transport.publish(frame('x'))));
    expect(await files()).toHaveLength(1);
  });

  test('a batch closes when it is large enough, without waiting', async () => {
    await open({ batchMaxBytes: 1000, flushIntervalMs: 60_000 });
    await Promise.all([
      transport.publish(frame('x'.repeat(600))),
      transport.publish(frame('y'.repeat(600))),
    ]);
    expect(await files()).toHaveLength(1);
  });

  test('waits while the journal is full, and goes on when there is room', async () => {
    await open({ maxBytes: 5_000, batchMaxBytes: 1_000 });
    let published = 0;
    const publishing = Promise.all(
      Array.from({ length: 20 }, async () => {
        await transport.publish(frame('x'.repeat(1_000)));
        published += 1;
      }),
    );
    await wait(200);
    const before = published;
    expect(before).toBeGreaterThan(0);
    expect(before).toBeLessThanOrEqual(6);
    expect(transport.health()).toMatchObject({ ok: false });
    await drain(20);
    await publishing;
    expect(published).toBe(20);
    expect(transport.health()).toEqual({ ok: true });
  });

  test('a frame larger than the whole journal is taken when it is empty', async () => {
    await open({ maxBytes: 100 });
    await transport.publish(frame('x'.repeat(5_000)));
    expect(await files()).toHaveLength(1);
  });

  test('a frame that can never be taken is refused', async () => {
    await open();
    await expect(transport.publish(frame(Buffer.alloc(65 * 1024 * 1024)))).rejects.toMatchObject({
      code: 'frame_too_large',
    });
  });

  test('stop writes what was accepted, then refuses', async () => {
    await open({ flushIntervalMs: 60_000 });
    const publishing = transport.publish(frame('last'));
    await transport.stop();
    await publishing;
    expect(await files()).toHaveLength(1);
    await expect(transport.publish(frame('too late'))).rejects.toMatchObject({ code: 'stopped' });
  });
});

describe('a disk that refuses', () => {
  test('publish waits, health says why, and nothing is lost when it takes again', async () => {
    await open();
    // A file where the folder was: every write fails, whoever tries it.
    await rm(join(folder, 'journal'), { recursive: true });
    await writeFile(join(folder, 'journal'), '');
    let isPublished = false;
    const publishing = (async () => {
      await transport.publish(frame('kept'));
      isPublished = true;
    })();
    await wait(300);
    expect(isPublished).toBe(false);
    expect(transport.health()).toMatchObject({ ok: false });
    expect(transport.health().reason).toContain('cannot be written');
    await rm(join(folder, 'journal'));
    await mkdir(join(folder, 'journal'));
    await publishing;
    expect(transport.health()).toEqual({ ok: true });
    expect((await drain(1))[0]?.frames.map(String)).toEqual(['kept']);
  });
});

describe('a damaged file', () => {
  test.each([
    ['cut short', async (path: string) => truncate(path, 30)],
    ['empty', async (path: string) => truncate(path, 0)],
    [
      'with a changed byte',
      async (path: string) => {
        const bytes = await readFile(path);
        bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
        await writeFile(path, bytes);
      },
    ],
    [
      'of another kind',
      async (path: string) => writeFile(path, 'no journal file at all, but text'),
    ],
  ])('%s is set aside with the reason; the others are delivered', async (_how, damage) => {
    await open();
    await transport.publish(frame('first'));
    await transport.publish(frame('second'));
    await transport.stop();
    const [name = ''] = await files();
    await damage(join(folder, 'journal', name));
    await writeFile(join(folder, 'journal', 'x.batch.tmp'), 'half written');
    await open();
    expect((await drain(1)).flatMap((batch) => batch.frames.map(String))).toEqual(['second']);
    expect((await readdir(join(folder, 'dead-letters'))).toSorted()).toEqual([
      name,
      `${name}.reason`,
    ]);
    expect(await readFile(join(folder, 'dead-letters', `${name}.reason`), 'utf8')).toMatch(
      /expected|checksum/,
    );
    expect(
      (await readdir(join(folder, 'journal'))).filter((file) => file.endsWith('.tmp')),
    ).toEqual([]);
  });
});

describe('offsets', () => {
  test('go on above those of before when the clock has gone back', async () => {
    let now = 2_000_000_000_000;
    await open({ nowMs: () => now });
    await transport.publish(frame('a'));
    const [before] = await drain(1);
    await transport.stop();
    now = 1_000;
    await open({ nowMs: () => now });
    await transport.publish(frame('b'));
    const [after] = await drain(1);
    expect(after?.first).toBeGreaterThan(before?.last ?? Infinity);
  });

  test('go on above those of before when the folder was removed', async () => {
    await open();
    await transport.publish(frame('a'));
    const [before] = await drain(1);
    await transport.stop();
    await rm(join(folder, 'journal'), { recursive: true });
    await wait(5);
    await open();
    await transport.publish(frame('b'));
    expect((await drain(1))[0]?.first).toBeGreaterThan(before?.last ?? Infinity);
  });
});

let shared = '';
describeTransport({
  name: 'direct',
  open: async () => {
    shared = shared === '' ? await mkdtemp(join(tmpdir(), 'plimsoll-journal-')) : shared;
    const direct = new DirectTransport({
      directory: join(shared, 'journal'),
      maxBytes: 100_000_000,
      batchMaxBytes: 1_000_000,
      flushIntervalMs: 10,
      logger: silentLogger(),
      metrics: new Metrics(),
    });
    await direct.start();
    return { publisher: direct, subscriber: direct, close: async () => direct.stop() };
  },
  clear: async () => {
    await rm(shared, { recursive: true, force: true });
    shared = '';
  },
});
