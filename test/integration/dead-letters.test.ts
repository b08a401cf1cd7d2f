/** Dead letters in a real topic: set aside, listed, shown, published again by the command. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kafkaMissing, startKafka, type KafkaBroker } from '@plimsoll/infra/kafka';
import { encodeFrame } from '@plimsoll/model';
import { configSchema, silentLogger } from '@plimsoll/runtime';
import { KafkaDeadLetters, openDeadLetterTopic, type DeadLetter } from '@plimsoll/transport';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readKafkaTopic } from '../harness/kafka-topic.ts';
import { freePort, runPlimsoll } from '../harness/plimsoll-process.ts';
import { isSkipped } from '../harness/requirement.ts';

const missing = kafkaMissing();
const title = missing === null ? '' : ` (skipped: ${missing})`;

describe.skipIf(isSkipped(missing))(`dead letters in Kafka${title}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-letters-'));
  let broker: KafkaBroker;
  beforeAll(async () => {
    broker = await startKafka({
      folder,
      port: await freePort(),
      controllerPort: await freePort(),
    });
  });
  afterAll(async () => {
    await broker.dispose();
    rmSync(folder, { recursive: true, force: true });
  });

  const open = (): KafkaDeadLetters => {
    const config = configSchema.parse({ transport: { kafka: { brokers: [broker.address] } } });
    return new KafkaDeadLetters({
      openTopic: async () =>
        openDeadLetterTopic(config.transport.kafka, { logger: silentLogger() }),
      place: broker.address,
    });
  };
  let runs = 0;
  const command = async (...args: string[]) =>
    runPlimsoll({
      folder: join(folder, `run-${runs++}`),
      args: ['dead-letter', ...args],
      config: { transport: { mode: 'kafka', kafka: { brokers: [broker.address] } } },
    });
  const letter = async (offset: number): Promise<DeadLetter> => ({
    partition: 'plimsoll.rows/1@a',
    offset,
    part: '',
    cause: 'refused',
    reason: 'the engine refused it (No such column)',
    timeMs: Date.UTC(2026, 0, 15, 10, 0, offset),
    bytes: await encodeFrame(
      {
        kind: 'rows',
        header: {
          tenant: 'shop',
          host: 'host1',
          boot_id: 'b',
          collector_id: 'c',
          epoch: 1,
          sequence: offset,
          created_at_ms: 0,
          table: 'events',
          columns: ['time'],
          rows: 1,
        },
      },
      [Buffer.from(`["row ${offset}"]\n`)],
    ),
  });

  test('are listed once, shown, published under the key of their host, and then done', async () => {
    const writer = open();
    for (const offset of [1, 2, 3, 1]) await writer.write(await letter(offset));
    expect(await writer.count()).toBe(3);

    const listed = await command('list', '--json');
    expect(listed).toMatchObject({ code: 0 });
    expect((JSON.parse(listed.output) as { id: string }[]).map(({ id }) => id)).toEqual([
      'plimsoll.rows_1_a-1',
      'plimsoll.rows_1_a-2',
      'plimsoll.rows_1_a-3',
    ]);
    const shown = await command('show', 'plimsoll.rows_1_a-2');
    expect(shown.output).toContain('  ["row 2"]\n');

    const replayed = await command('replay', 'plimsoll.rows_1_a-1', 'plimsoll.rows_1_a-3');
    expect(replayed).toMatchObject({
      code: 0,
      output:
        'plimsoll.rows_1_a-1: replayed (1 frames)\nplimsoll.rows_1_a-3: replayed (1 frames)\n',
    });
    const frames = await readKafkaTopic(broker.address, 'plimsoll.rows', 2);
    expect(frames.map(({ key }) => key)).toEqual(['shop/host1', 'shop/host1']);
    expect(frames.map(({ value }) => value)).toEqual([
      (await letter(1)).bytes,
      (await letter(3)).bytes,
    ]);

    expect(await writer.count()).toBe(1);
    const left = await command('list');
    expect(left.output).toContain('plimsoll.rows_1_a-2');
    expect(left.output).not.toContain('plimsoll.rows_1_a-1');
    expect((await command('list', '--all')).output).toContain('(replayed)');
    await writer.close();
  });

  test('wait while the broker is away: writing says so, and goes on when it is back', async () => {
    const writer = open();
    await writer.write(await letter(11));
    await broker.kill();
    await expect(writer.write(await letter(12))).rejects.toThrow(broker.address);
    await broker.start();
    await expect
      .poll(
        async () =>
          writer.write(await letter(12)).then(
            () => true,
            () => false,
          ),
        {
          timeout: 40_000,
          interval: 500,
        },
      )
      .toBe(true);
    const letters = await writer.list();
    expect(letters.filter(({ offset }) => offset > 10).map(({ offset }) => offset)).toEqual([
      11, 12,
    ]);
    await writer.close();
  });
});
