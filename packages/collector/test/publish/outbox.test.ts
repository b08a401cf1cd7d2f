import { setImmediate as nextTurn } from 'node:timers/promises';
import { decodeFrame } from '@plimsoll/model';
import { expect, test } from 'vitest';
import { Outbox } from '../../src/publish/outbox.ts';
import { FakePublisher } from './fake-publisher.ts';

const identity = { tenant: 't', host: 'h', boot_id: 'b', collector_id: 'c', epoch: 3 };

function begin(publisher = new FakePublisher()) {
  const outbox = new Outbox({ publisher, identity, wallMs: () => 5 });
  const settled: string[] = [];
  const submit = (name: string, bytes: number, beforePublish?: () => Promise<void>): void => {
    outbox.submit({
      kind: 'rows',
      header: { table: 'events', columns: ['a'], rows: 1 },
      payload: Buffer.alloc(bytes, 'x'),
      ...(beforePublish ? { beforePublish } : {}),
      onAcknowledged: () => settled.push(name),
      onRefused: () => settled.push(`${name} refused`),
    });
  };
  return { outbox, publisher, settled, submit };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await nextTurn();
}

test('frames are published in the order they were submitted, however long encoding takes', async () => {
  const { outbox, publisher, submit } = begin(new FakePublisher({ acknowledgesAtOnce: true }));
  for (const bytes of [4_000_000, 1, 2_000_000, 1, 1]) submit('x', bytes);
  await outbox.drain();
  const frames = await Promise.all(publisher.published.map(({ bytes }) => decodeFrame(bytes)));
  expect(frames.map(({ header }) => header.sequence)).toEqual([1, 2, 3, 4, 5]);
  expect(frames[0]?.header).toMatchObject({ ...identity, created_at_ms: 5 });
  expect(publisher.published[0]?.key).toBe('t/h');
});

test('frames of each kind are numbered without a gap', async () => {
  const { outbox, publisher, submit } = begin(new FakePublisher({ acknowledgesAtOnce: true }));
  const submitLogs = (): void =>
    outbox.submit({
      kind: 'logs',
      header: { sources: [], chunks: [] },
      payload: Buffer.alloc(0),
      onAcknowledged: () => undefined,
      onRefused: () => undefined,
    });
  submit('a', 1);
  submitLogs();
  submitLogs();
  submit('b', 1);
  await outbox.drain();
  const frames = await Promise.all(publisher.published.map(({ bytes }) => decodeFrame(bytes)));
  expect(frames.map(({ kind, header }) => [kind, header.sequence])).toEqual([
    ['rows', 1],
    ['logs', 1],
    ['logs', 2],
    ['rows', 2],
  ]);
});

test('an acknowledgement counts only when everything before it is acknowledged', async () => {
  const { outbox, publisher, settled, submit } = begin();
  for (const name of ['a', 'b', 'c']) submit(name, 10);
  await until(() => publisher.pending.length === 3);
  publisher.pending[2]?.resolve();
  publisher.pending[1]?.resolve();
  await nextTurn();
  expect(settled).toEqual([]);
  expect(outbox.inFlightBytes('rows')).toBe(30);
  publisher.pending[0]?.resolve();
  await outbox.drain();
  expect(settled).toEqual(['a', 'b', 'c']);
  expect(outbox.inFlightBytes('rows')).toBe(0);
  expect(outbox.inFlightFrames).toBe(0);
});

test('a frame waits for what must be done before it, and later ones wait behind it', async () => {
  const { publisher, submit } = begin();
  const gate = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  submit('a', 10, () => {
    asked.resolve();
    return gate.promise;
  });
  submit('b', 10);
  await asked.promise;
  for (let turn = 0; turn < 50; turn += 1) await nextTurn();
  expect(publisher.published).toHaveLength(0);
  gate.resolve();
  await until(() => publisher.published.length === 2);
});

test('a refused frame is told apart and does not stop the others', async () => {
  const { outbox, publisher, settled, submit } = begin();
  submit('a', 10);
  submit('b', 10);
  await until(() => publisher.pending.length === 2);
  publisher.pending[0]?.reject(new Error('too large'));
  publisher.pending[1]?.resolve();
  await outbox.drain();
  expect(settled).toEqual(['a refused', 'b']);
});

test('what was aborted is neither acknowledged nor refused', async () => {
  const { outbox, publisher, settled, submit } = begin();
  submit('a', 10);
  await until(() => publisher.pending.length === 1);
  outbox.abort();
  await outbox.drain();
  expect(settled).toEqual([]);
});
