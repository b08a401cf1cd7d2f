import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { CheckpointStream } from '../../src/checkpoint/format.ts';
import { expectTexts, id, second, target, throughFile, until, World } from './api-log-world.ts';
import { messageOf } from './daemon-form.ts';

let world: World;
beforeEach(async () => {
  world = new World();
  await world.start();
});
afterEach(async () => {
  await world.stop();
});

describe('the log of a running container', () => {
  test('is taken as it is written, with its streams and times, all bytes as they are', async () => {
    const logs = world.begin();
    world.daemon.log(id, messageOf('before\n', 1));
    logs.takeTarget(target());
    await until(() => world.daemon.following === 1);
    world.daemon.log(id, messageOf(Buffer.from('t\tab\x01\xff\n', 'latin1'), 2, 'stderr'));
    await expectTexts(world, ['before', 't\tab\x01\xff']);
    expect([...world.sink.records.values()][1]).toMatchObject({
      stream: 'stderr',
      time: '2026-01-01T00:00:00.000000002Z',
    });
    expect(world.sink.chunks[0]?.source).toMatchObject({
      format: 'records',
      path: `docker-api://${id}`,
      labels: { container_name: 'web' },
    });
    await until(() => logs.lag().bytes === 0);
    expect(logs.status()).toMatchObject({
      containers: 1,
      streams: 1,
      readLines: 2,
      acknowledgedLines: 2,
    });
  });

  test('goes on where it was when the connection breaks, also in the middle of a line', async () => {
    world.daemon.container(id);
    const logs = world.begin();
    logs.takeTarget(target());
    const texts: string[] = [];
    for (let round = 0; round < 4; round += 1) {
      await until(() => world.daemon.following === 1);
      // All of one time: only their number tells them apart.
      world.daemon.log(id, messageOf(`${round}\n`, 7), messageOf('same\n', 7));
      await world.daemon.breakWithin(id, messageOf(`cut ${round}\n`, 7), 9 + round * 12);
      texts.push(String(round), 'same', `cut ${round}`);
    }
    await expectTexts(world, texts);
    expect(world.events).toEqual([]);
  });

  test('goes on when the daemon was away', async () => {
    const logs = world.begin();
    logs.takeTarget(target());
    world.daemon.log(id, messageOf('one\n', second));
    await expectTexts(world, ['one']);
    await world.daemon.stop();
    world.daemon.log(id, messageOf('two\n', 2 * second));
    await sleep(300);
    await world.daemon.start();
    await expectTexts(world, ['one', 'two']);
  });

  test('is asked for again from some seconds before the last message', async () => {
    const logs = world.begin();
    logs.takeTarget(target());
    world.daemon.log(id, messageOf('old\n', second), messageOf('new\n', 100 * second));
    await expectTexts(world, ['old', 'new']);
    world.daemon.breakConnections();
    await until(() => world.daemon.questions.length > 1);
    expect(world.daemon.questions.map(({ since }) => since)).toEqual(['', '1767225697.000000000']);
  });
});

describe('after a crash', () => {
  test('what was not checkpointed comes again in the same places, and the rest once', async () => {
    world.sink.acknowledges = false;
    const first = world.begin();
    first.takeTarget(target());
    for (let line = 0; line < 5; line += 1) {
      world.daemon.log(id, messageOf(`${line}\n`, 7));
      await until(() => world.sink.texts.length === line + 1);
    }
    world.sink.acknowledge(2);
    const restored = await world.crash(first);
    expect(restored[0]).toMatchObject({ point: { stdout: { count: 2 } } });
    world.daemon.log(id, messageOf('5\n', 7));
    world.sink.acknowledges = true;
    const again = world.begin({ restored });
    again.takeTarget(target());
    await expectTexts(world, ['0', '1', '2', '3', '4', '5']);
    expect(world.sink.chunks.at(-1)?.end).toBe(again.checkpoint()[0]?.position);
  });

  test('a log of which the daemon lost what follows goes on after an event', async () => {
    const first = world.begin();
    first.takeTarget(target());
    world.daemon.log(id, messageOf('1\n', second), messageOf('2\n', 2 * second));
    await expectTexts(world, ['1', '2']);
    const restored = await world.crash(first);
    world.daemon.container(id, { messages: [messageOf('9\n', 90 * second)] });
    const again = world.begin({ restored });
    again.takeTarget(target());
    await expectTexts(world, ['1', '2', '9']);
    expect(world.events).toMatchObject([
      { kind: 'log_gap', container_name: 'web', attributes: { reason: 'rotated_away_bytes' } },
    ]);
    await until(() => again.checkpoint()[0]?.generation === 1);
    expect(new Set(world.sink.chunks.map(({ source }) => source.file_id)).size).toBe(2);
  });

  test('a container that is gone and was not read to its end is told of, once known', async () => {
    const first = world.begin();
    first.takeTarget(target());
    world.daemon.log(id, messageOf('1\n', second));
    await expectTexts(world, ['1']);
    const restored = await world.crash(first);
    const again = world.begin({ restored });
    expect(again.checkpoint()).toEqual(restored);
    again.markSynced();
    expect(world.events).toMatchObject([{ kind: 'log_gap', attributes: { reason: 'removed' } }]);
    expect(again.checkpoint()).toEqual([]);
  });
});

describe('a container that stops', () => {
  test('is read to its end, then left alone until it starts again', async () => {
    const logs = world.begin();
    logs.takeTarget(target());
    world.daemon.log(id, messageOf('1\n', second));
    await expectTexts(world, ['1']);
    world.daemon.container(id).messages.push(messageOf('last words', 2 * second));
    world.daemon.end(id);
    logs.takeTarget(target({ state: 'exited' }));
    await expectTexts(world, ['1', 'last words']);
    await until(() => logs.checkpoint()[0]?.complete_life_ms === 1000);
    const asked = world.daemon.questions.length;
    logs.takeTarget(target({ state: 'exited', restartCount: 1 }));
    await sleep(300);
    expect(world.daemon.questions).toHaveLength(asked);
    world.daemon.container(id, { isRunning: true });
    logs.takeTarget(target({ startedAtMs: 2000 }));
    await until(() => world.daemon.following === 1);
    world.daemon.log(id, messageOf('2\n', 3 * second));
    await expectTexts(world, ['1', 'last words', '2']);
  });

  test('and was read is not asked for by the next collector', async () => {
    const first = world.begin();
    world.daemon.container(id, { isRunning: false, messages: [messageOf('1\n', second)] });
    first.takeTarget(target({ state: 'exited' }));
    await until(() => first.checkpoint()[0]?.complete_life_ms === 1000);
    const restored = await world.crash(first);
    const asked = world.daemon.questions.length;
    world.begin({ restored }).takeTarget(target({ state: 'exited' }));
    await sleep(200);
    expect(world.daemon.questions).toHaveLength(asked);
  });

  test('within a line of its terminal goes on with the next line, also after a crash', async () => {
    const saved: CheckpointStream[][] = [];
    world.sink.acknowledges = false;
    const first = world.begin();
    world.sink.onPersist = () => saved.push(throughFile(first.checkpoint()));
    world.daemon.container(id, { isTty: true });
    first.takeTarget(target({ isTty: true }));
    world.daemon.log(id, messageOf('hello\r\n', second), messageOf('login: ', 2 * second));
    await expectTexts(world, ['hello\r']);
    world.daemon.end(id);
    first.takeTarget(target({ isTty: true, state: 'exited' }));
    await expectTexts(world, ['hello\r', 'login: ']);
    await world.crash(first);
    world.sink.acknowledges = true;
    world.daemon.container(id, { isRunning: true });
    world.daemon.log(id, messageOf('again\r\n', 3 * second));
    world
      .begin({ restored: saved.at(-1) ?? [] })
      .takeTarget(target({ isTty: true, startedAtMs: 2000 }));
    await expectTexts(world, ['hello\r', 'login: ', 'again\r']);
  });

  test('and starts before it was looked at goes on with a line of its own, also later', async () => {
    const saved: CheckpointStream[][] = [];
    world.sink.acknowledges = false;
    const first = world.begin();
    world.sink.onPersist = () => saved.push(throughFile(first.checkpoint()));
    const lives = [messageOf('login: ', 2 * second), messageOf('again\r\n', 6 * second)];
    world.daemon.container(id, {
      isTty: true,
      finishedAt: '2026-01-01T00:00:04Z',
      startedAt: '2026-01-01T00:00:05Z',
      messages: lives,
    });
    first.takeTarget(target({ isTty: true }));
    await expectTexts(world, ['login: ', 'again\r']);
    await world.crash(first);
    world.daemon.container(id, {
      finishedAt: '2026-01-01T00:00:07Z',
      startedAt: '2026-01-01T00:00:08Z',
      messages: [...lives, messageOf('third\r\n', 9 * second)],
    });
    world.begin({ restored: saved.at(-1) ?? [] }).takeTarget(target({ isTty: true }));
    await expectTexts(world, ['login: ', 'again\r', 'third\r']);
  });

  test('and is removed leaves nothing behind', async () => {
    const logs = world.begin();
    logs.takeTarget(target());
    world.daemon.log(id, messageOf('1\n', second));
    await expectTexts(world, ['1']);
    world.daemon.log(id, messageOf('2\n', 2 * second));
    world.daemon.remove(id);
    logs.takeTarget(target({ state: 'removed' }));
    await expectTexts(world, ['1', '2']);
    await until(() => logs.status().containers === 0);
    expect(logs.checkpoint()).toEqual([]);
    expect(world.events).toEqual([]);
  });
});

test('a log that was there before begins where it is told to', async () => {
  world.daemon.container(id, { messages: [messageOf('old\n', second)] });
  const logs = world.begin({ startAt: 'end' });
  logs.takeTarget(target());
  await until(() => world.daemon.following === 1);
  world.daemon.log(id, { ...messageOf('new\n'), time: '2100-01-01T00:00:00.000000000Z' });
  await expectTexts(world, ['new']);
  const other = 'd'.repeat(64);
  logs.markSynced();
  world.daemon.container(other, { messages: [messageOf('first\n', second)] });
  logs.takeTarget(target({ dockerId: other }));
  await expectTexts(world, ['new', 'first']);
});
