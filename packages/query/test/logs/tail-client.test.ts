import type { LogEntry, LogTailMessage } from '@plimsoll/model/api';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ArrivalLedger } from '../../src/logs/arrival-ledger.ts';
import { maxWaitingBytes, TailClient, type TailSink } from '../../src/logs/tail-client.ts';

/** A network that takes nothing until it is told to. */
class SlowSink implements TailSink {
  writableLength = 0;
  ended = false;
  readonly #written: string[] = [];

  write(text: string): boolean {
    this.#written.push(text);
    this.writableLength += text.length;
    return false;
  }

  end(): void {
    this.ended = true;
  }

  drain(): void {
    this.writableLength = 0;
  }

  get messages(): LogTailMessage[] {
    return this.#written.map((text) => JSON.parse(text.slice(6)) as LogTailMessage);
  }
}

function entries(count: number, size = 10): LogEntry[] {
  return Array.from({ length: count }, (_, index) => ({
    id: String(index),
    time_ns: '0',
    time: 0,
    host: '',
    container_id: '',
    container: '',
    image: '',
    service: '',
    stream: '',
    severity: '',
    message: 'x'.repeat(size),
    message_raw: null,
  }));
}

describe('a slow reader', () => {
  it('never has more waiting than the limit and one message', () => {
    const sink = new SlowSink();
    const client = new TailClient(sink);
    for (let i = 0; i < 100; i++) client.sendEntries(entries(10, 10_000));
    expect(sink.writableLength).toBeLessThan(maxWaitingBytes + 110_000);
  });

  it('is told how many lines it missed when there is room again', () => {
    const sink = new SlowSink();
    const client = new TailClient(sink);
    let offered = 0;
    let dropped = 0;
    for (let i = 0; i < 60; i++) {
      offered += 5;
      dropped += client.sendEntries(entries(5, 10_000));
    }
    expect(dropped).toBeGreaterThan(0);
    expect(client.dropped).toBe(dropped);
    sink.drain();
    client.heartbeat(1);
    const sent = sink.messages.reduce(
      (sum, message) => sum + (message.type === 'entries' ? message.entries.length : 0),
      0,
    );
    expect(sink.messages.slice(-2)).toEqual([
      { type: 'dropped', count: dropped, reason: 'slow_reader' },
      { type: 'heartbeat', at: 1 },
    ]);
    expect(sent + dropped).toBe(offered);
    expect(client.dropped).toBe(0);
  });

  it('gets nothing after the end, and is ended once', () => {
    const sink = new SlowSink();
    const client = new TailClient(sink);
    client.end();
    client.end();
    expect(client.sendEntries(entries(1))).toBe(0);
    client.heartbeat(1);
    expect(sink.messages).toEqual([]);
    expect(sink.ended).toBe(true);
  });
});

describe('the ledger of arrivals', () => {
  it('accounts for every line: sent and dropped add up, whatever is polled when', () => {
    const polls = fc.array(
      fc.array(
        fc.record({
          second: fc.integer({ min: 0, max: 4 }),
          lines: fc.integer({ min: 1, max: 5 }),
        }),
      ),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(polls, fc.integer({ min: 0, max: 4 }), (batches, perPoll) => {
        const ledger = new ArrivalLedger();
        const stored = new Map<number, number>();
        let sent = 0;
        let dropped = 0;
        for (const batch of batches) {
          for (const { second, lines } of batch)
            stored.set(second, (stored.get(second) ?? 0) + lines);
          const grown = ledger.grown([...stored].map(([second, lines]) => ({ second, lines })));
          let left = perPoll;
          for (const second of grown) {
            for (let line = (stored.get(second) ?? 0) - 1; line >= 0 && left > 0; line--) {
              if (ledger.isKnown(second, line)) continue;
              ledger.take(second, line);
              sent++;
              left--;
            }
          }
          dropped += ledger.takeDropped();
        }
        const total = [...stored.values()].reduce((sum, lines) => sum + lines, 0);
        // A dropped line that is sent after all is never a line more.
        expect(sent).toBeLessThanOrEqual(total);
        expect(sent + dropped).toBeGreaterThanOrEqual(total);
      }),
    );
  });

  it('neither sends nor counts what was there before', () => {
    const ledger = new ArrivalLedger();
    ledger.skip(1, [7, 8]);
    expect(ledger.grown([{ second: 1, lines: 2 }])).toEqual([]);
    expect(ledger.takeDropped()).toBe(0);
    expect(ledger.grown([{ second: 1, lines: 3 }])).toEqual([1]);
    expect(ledger.isKnown(1, 7)).toBe(true);
    expect(ledger.takeDropped()).toBe(1);
  });

  it('forgets what has left the window and keeps its sum', () => {
    const ledger = new ArrivalLedger();
    ledger.grown([{ second: 1, lines: 10 }]);
    ledger.take(1, 42);
    ledger.closeBefore(2);
    expect(ledger.isKnown(1, 42)).toBe(false);
    expect(ledger.takeDropped()).toBe(9);
    expect(ledger.takeDropped()).toBe(0);
  });
});
