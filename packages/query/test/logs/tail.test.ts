import { setTimeout as sleep } from 'node:timers/promises';
import type { LogTailMessage } from '@plimsoll/model/api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { containerLabels, logRow, openFixture, type Fixture } from '../support/fixture.ts';

let fixture: Fixture;

beforeAll(async () => {
  fixture = await openFixture();
});

afterAll(async () => fixture.close());

interface Tail {
  messages: LogTailMessage[];
  lines(): string[];
  dropped(): number;
  /** Resolves when the server ended the stream. */
  ended: Promise<void>;
  leave(): void;
}

async function follow(address: string, query = ''): Promise<Tail> {
  const leaving = new AbortController();
  const response = await fetch(`${address}/api/plimsoll/v1/logs/tail?${query}`, {
    signal: leaving.signal,
  });
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toContain('text/event-stream');
  expect(response.headers.get('x-content-type-options')).toBe('nosniff');
  const messages: LogTailMessage[] = [];
  const read = async () => {
    let text = '';
    const decoder = new TextDecoder();
    const body: AsyncIterable<Uint8Array> | null = response.body;
    for await (const chunk of body ?? []) {
      text += decoder.decode(chunk, { stream: true });
      const events = text.split('\n\n');
      text = events.pop() ?? '';
      for (const event of events) {
        if (event.startsWith('data: ')) messages.push(JSON.parse(event.slice(6)) as LogTailMessage);
      }
    }
  };
  return {
    messages,
    lines: () =>
      messages.flatMap((message) =>
        message.type === 'entries' ? message.entries.map((entry) => entry.message) : [],
      ),
    dropped: () =>
      messages.reduce((sum, message) => sum + (message.type === 'dropped' ? message.count : 0), 0),
    ended: read().catch(() => undefined),
    leave: () => leaving.abort(),
  };
}

let position = 0;

/** Lines as ingest stores them: the store stamps their arrival. */
async function arrive(
  texts: readonly string[],
  options: { ageMs?: number; arrivedAgoMs?: number; host?: string } = {},
) {
  await fixture.insert(
    'logs',
    texts.map((message) =>
      logRow({
        ns: BigInt(Date.now() - (options.ageMs ?? 0)) * 1_000_000n,
        message,
        position: position++,
        ingestedAt: Date.now() - (options.arrivedAgoMs ?? 0),
        labels: containerLabels('tailed-1', { host: options.host ?? 'node-1' }),
      }),
    ),
  );
}

async function listen(
  config: object = {},
): Promise<{ address: string; close: () => Promise<void> }> {
  const app = await fixture.serve({ config, now: () => Date.now() });
  const address = await app.listen({ host: '127.0.0.1', port: 0 });
  return { address, close: async () => app.close() };
}

describe('a live tail', () => {
  it('shows each arrived line once, also late ones, and only those that match', async () => {
    const { address } = await listen();
    await arrive(['needle of before']);
    const all = await follow(address);
    const some = await follow(address, 'q=needle&host=node-1');
    await sleep(1100);
    await arrive(['a needle', 'hay']);
    await arrive(['late needle'], { ageMs: 3_600_000 });
    // Its frame was closed before the tail began; its insert took until now.
    await arrive(['slow needle'], { arrivedAgoMs: 30_000 });
    await sleep(1500);
    await arrive(['needle elsewhere'], { host: 'node-2' });
    await expect.poll(() => all.lines().length, { timeout: 5000 }).toBe(5);
    await sleep(1500);
    expect(all.lines().toSorted()).toEqual([
      'a needle',
      'hay',
      'late needle',
      'needle elsewhere',
      'slow needle',
    ]);
    expect(some.lines().toSorted()).toEqual(['a needle', 'late needle', 'slow needle']);
    expect(all.dropped()).toBe(0);
    all.leave();
    some.leave();
  });

  it('tells how many lines the limit left out: sent and dropped add up', async () => {
    const { address } = await listen({ query: { tail: { max_lines_per_second: 20 } } });
    const tail = await follow(address, 'q=flood');
    await sleep(1100);
    await arrive(Array.from({ length: 500 }, (_, index) => `flood ${index}`));
    await expect.poll(() => tail.lines().length + tail.dropped(), { timeout: 8000 }).toBe(500);
    expect(tail.lines().length).toBeLessThanOrEqual(40);
    expect(new Set(tail.lines()).size).toBe(tail.lines().length);
    // The newest of what came.
    expect(tail.lines()).toContain('flood 499');
    tail.leave();
  });

  it('starts with a heartbeat, and ends when the server closes', async () => {
    const { address, close } = await listen();
    const tail = await follow(address);
    await expect.poll(() => tail.messages[0]?.type).toBe('heartbeat');
    await close();
    await tail.ended;
  });

  it('has no place for more clients than its limit, and one again when somebody leaves', async () => {
    const { address } = await listen({ query: { tail: { max_clients: 2 } } });
    const first = await follow(address);
    const second = await follow(address);
    const refused = await fetch(`${address}/api/plimsoll/v1/logs/tail`);
    expect(refused.status).toBe(429);
    expect(refused.headers.get('retry-after')).toBe('5');
    await refused.body?.cancel();
    first.leave();
    await expect
      .poll(async () => {
        const again = await fetch(`${address}/api/plimsoll/v1/logs/tail`);
        await again.body?.cancel();
        return again.status;
      })
      .toBe(200);
    second.leave();
  });

  it('refuses a broken expression before it starts', async () => {
    const { address } = await listen();
    const response = await fetch(`${address}/api/plimsoll/v1/logs/tail?regex=(`);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { code: 'invalid_regex', position: 0 } });
  });
});
