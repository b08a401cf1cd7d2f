import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { LinePlans } from '../../src/lines/line-plans.ts';
import { partBytes } from '../../src/api-logs/message.ts';
import { expectTexts, FastClock, id, second, target, until, World } from './api-log-world.ts';
import { messageOf } from './daemon-form.ts';

let world: World;
beforeEach(async () => {
  world = new World();
  await world.start();
});
afterEach(async () => {
  await world.stop();
});

describe('a sink without room', () => {
  test('stops reading, keeps little, and loses nothing', async () => {
    world.sink.hasRoom = false;
    const logs = world.begin();
    const line = Buffer.alloc(partBytes - 1, 'x');
    const count = 400;
    const messages = Array.from({ length: count }, (_unused, index) =>
      messageOf(`${String(index)}${line.toString()}\n`.slice(-partBytes), index),
    );
    world.daemon.container(id, { messages });
    logs.takeTarget(target());
    await until(() => logs.lag().bytes > 0);
    await sleep(300);
    expect(logs.lag().bytes).toBeLessThan(1024 * 1024);
    expect(logs.lag().seconds).toBeGreaterThan(0.2);
    world.sink.hasRoom = true;
    logs.roomFreed();
    await until(() => world.sink.texts.length === count);
    await until(() => logs.lag().bytes === 0);
  });

  test('for long gives up the connection, and what the daemon lost meanwhile is told', async () => {
    world.sink.hasRoom = false;
    const clock = new FastClock();
    const logs = world.begin({ clock });
    const big = (index: number): ReturnType<typeof messageOf> =>
      messageOf(`${index} ${'x'.repeat(partBytes - 100)}\n`, (index + 1) * 10 * second);
    world.daemon.container(id, { messages: Array.from({ length: 200 }, (_unused, at) => big(at)) });
    logs.takeTarget(target());
    await until(() => world.daemon.questions.length === 1 && logs.lag().bytes > 500_000);
    clock.skewMs += 6000;
    await until(() => world.daemon.following === 0);
    world.daemon.container(id, { messages: [big(300)] });
    world.sink.hasRoom = true;
    logs.roomFreed();
    await until(() => world.sink.texts.some((text) => text.startsWith('300 ')));
    expect(world.events).toMatchObject([{ kind: 'log_gap' }]);
  });

  test('that refuses a chunk for good is told of and counted', async () => {
    world.sink.refuses = true;
    const logs = world.begin();
    logs.takeTarget(target());
    world.daemon.log(id, messageOf('1\n', second));
    await until(() => world.events.length === 1);
    expect(world.events[0]).toMatchObject({ attributes: { reason: 'publish_refused_bytes' } });
    expect(world.drops.snapshot().publish_refused_bytes).toBeGreaterThan(0);
    expect(logs.lag().bytes).toBe(0);
  });
});

describe('a daemon', () => {
  test('whose driver cannot be read is asked once per life of the container', async () => {
    const message = 'configured logging driver does not support reading';
    world.daemon.container(id, { refusal: { status: 501, message } });
    const logs = world.begin();
    logs.takeTarget(target({ logDriver: 'none' }));
    await until(() => logs.problems.size === 1);
    expect([...logs.problems]).toEqual([[`docker-api://${id}`, message]]);
    logs.takeTarget(target({ logDriver: 'none', health: 'healthy' }));
    await sleep(500);
    expect(world.daemon.questions).toHaveLength(1);
    world.daemon.container(id, { refusal: null });
    logs.takeTarget(target({ startedAtMs: 2000 }));
    world.daemon.log(id, messageOf('1\n', second));
    await expectTexts(world, ['1']);
    expect(logs.problems.size).toBe(0);
  });

  test('that sends what is no log is told of after a few tries, and tried again', async () => {
    world.daemon.container(id, { refusal: { status: 500, message: 'no space left' } });
    const logs = world.begin();
    logs.takeTarget(target());
    await until(() => logs.problems.size === 1);
    expect([...logs.problems.values()]).toEqual(['the daemon answered 500: no space left']);
    world.daemon.container(id, { refusal: null });
    world.daemon.log(id, messageOf('1\n', second));
    await expectTexts(world, ['1']);
  });

  test('has no more connections than there may be; all containers have their turn', async () => {
    const clock = new FastClock();
    const logs = world.begin({ clock, maxStreams: 2 });
    const ids = ['a', 'b', 'd', 'e', 'f'].map((letter) => letter.repeat(64));
    for (const each of ids) {
      world.daemon.log(each, messageOf(`${each.slice(0, 1)}\n`, second));
      logs.takeTarget(target({ dockerId: each }));
    }
    await until(() => world.daemon.following === 2);
    expect(logs.status()).toMatchObject({ streams: 2, waiting: 3 });
    for (let turn = 0; turn < 4; turn += 1) {
      clock.skewMs += 31_000;
      await sleep(150);
    }
    await until(() => world.sink.texts.length === 5);
    expect(world.daemon.maxFollowing).toBe(2);
  });

  test('whose clock was set back is asked without following, and nothing is missed', async () => {
    const clock = new FastClock();
    const now = (seconds: number): number => Date.UTC(2026, 0, 1) + seconds * 1000;
    clock.wallMs = now(1000);
    const logs = world.begin({ clock });
    logs.takeTarget(target());
    world.daemon.log(id, messageOf('1\n', 1000 * second));
    await expectTexts(world, ['1']);
    clock.wallMs = now(100);
    world.daemon.container(id).messages.push(messageOf('2\n', 100 * second));
    await expectTexts(world, ['1', '2']);
    world.daemon.container(id).messages.push(messageOf('3\n', 101 * second));
    await expectTexts(world, ['1', '2', '3']);
    expect(world.daemon.questions.at(-1)?.follows).toBe(false);
    clock.wallMs = now(2000);
    await until(() => world.daemon.following === 1);
    world.daemon.log(id, messageOf('4\n', 2000 * second));
    await expectTexts(world, ['1', '2', '3', '4']);
    expect(world.events).toEqual([]);
  });
});

test('lines are joined, redacted and withheld by a processor as those of a file would be', async () => {
  const blocks: string[] = [];
  const logs = world.begin({
    processorOf: () => ({
      maxWaitMs: 100,
      process: (block, context) => {
        blocks.push(block.toString());
        const isWaiting = !context.releases;
        const bytes = isWaiting ? 0 : block.length;
        const lines = isWaiting ? 0 : block.toString().split('\n').length - 1;
        const payload = isWaiting
          ? Buffer.alloc(0)
          : Buffer.from(`${context.start}\t\tstdout\t\t${lines} lines\n`);
        return {
          bytes,
          lines,
          payload,
          records: 1,
          isWaiting,
          waitsFrom: context.start + block.length,
        };
      },
      accept: () => undefined,
    }),
  });
  logs.takeTarget(target());
  const part = Buffer.alloc(partBytes, 'x');
  world.daemon.log(id, messageOf('1\n', 1), messageOf(part, 2), messageOf('end', 2, 'stdout'));
  await expectTexts(world, ['3 lines']);
  const time = '2026-01-01T00:00:00.00000000';
  expect(blocks.at(-1)).toBe(
    `${time}1Z stdout F 1\n${time}2Z stdout P ${part.toString()}\n${time}2Z stdout F end\n`,
  );
  await until(() => logs.checkpoint()[0]?.position === blocks.at(-1)?.length);
  world.daemon.breakConnections();
  world.daemon.log(id, messageOf('2\n', 3));
  await expectTexts(world, ['3 lines', '1 lines']);
});

test('the lines of a log are joined and redacted as its labels ask', async () => {
  const plans = new LinePlans({ rules: { rules: [], labels: true }, onWithheld: () => undefined });
  const logs = world.begin({ processorOf: (each) => plans.of(id, each, 'cri').processor });
  const dockerLabels = { 'plimsoll.multiline.start': '^[A-Z]', 'plimsoll.redact': 'secret=\\S+' };
  logs.takeTarget(target({ dockerLabels }));
  await until(() => world.daemon.questions.length === 1);
  const long = Buffer.alloc(partBytes, 'x');
  world.daemon.log(
    id,
    messageOf('Error secret=1\n', 1),
    messageOf('  at a\n', 2),
    messageOf('Next\n', 3),
    messageOf(long, 4),
    messageOf('end\n', 4),
    messageOf('Last\n', 5),
  );
  world.daemon.breakConnections();
  await expectTexts(world, ['Error [redacted]\n  at a', `Next\n${long.toString()}end`, 'Last']);
  await until(() => logs.lag().bytes === 0);
});
