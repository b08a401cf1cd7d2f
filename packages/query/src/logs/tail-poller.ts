import { setTimeout as sleep } from 'node:timers/promises';
import type { LogEntry } from '@plimsoll/model/api';
import type { StoredNumber } from '../stored-number.ts';
import type { SqlParameter } from '@plimsoll/storage';
import type { QueryContext } from '../query-context.ts';
import { ArrivalLedger } from './arrival-ledger.ts';
import { filterConditions, type LogFilter } from './log-filter.ts';
import { entryBytes, logColumns, toEntry, type LogRow } from './log-row.ts';
import type { TailClient } from './tail-client.ts';

/** Seconds after a frame was closed within which its lines must be visible to be shown. */
const settleSeconds = 120;
/** Lines of that time which may be known before the first poll; of a flood, the newest seconds. */
const maxKnownAtStart = 20_000;
const pollIntervalMs = 500;
/** Bytes of messages handed out per poll; the rest is dropped and counted. */
const maxPollBytes = 4 * 1024 * 1024;

type ArrivedRow = LogRow & { arrived: StoredNumber; line_key: number };

/** A line in 53 bits, the whole numbers that JavaScript has. */
const lineKeySql = `toFloat64(bitAnd(cityHash64(time, file_id, position), 9007199254740991))`;

interface StartOfTail {
  /** Where the window of seconds began at the start, by the store's clock. */
  windowSecond: number;
  /** First second to look at: what arrived in a flood before it is not shown any more. */
  firstSecond: number;
}

/**
 * Follows one filter for all clients that asked for the same one. It goes by arrival, not by the
 * lines' own time, so that a late line is shown when it comes.
 */
export class TailPoller {
  readonly clients = new Set<TailClient>();
  readonly #context: QueryContext;
  readonly #filter: LogFilter;
  readonly #ledger = new ArrivalLedger();
  readonly #stop = new AbortController();
  /** Lines that may still be sent: a second's worth at most. */
  #budget: number;
  #running: Promise<void> | null = null;

  constructor(context: QueryContext, filter: LogFilter) {
    this.#context = context;
    this.#filter = filter;
    this.#budget = context.config.query.tail.max_lines_per_second;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    let start: (StartOfTail & { atMs: number }) | null = null;
    let lastMs = performance.now();
    while (!signal.aborted) {
      const began = performance.now();
      try {
        start ??= { ...(await this.#learnKnown()), atMs: began };
        const rate = this.#context.config.query.tail.max_lines_per_second;
        this.#budget = Math.min(rate, this.#budget + (rate * (began - lastMs)) / 1000);
        lastMs = began;
        const elapsedSeconds = Math.floor((performance.now() - start.atMs) / 1000);
        await this.#poll(Math.max(start.firstSecond, start.windowSecond + elapsedSeconds));
      } catch (error) {
        if (signal.aborted) return;
        // The next poll looks at the same seconds again: nothing is lost by this one.
        this.#context.logger.warn({ err: error }, 'a poll of the live tail failed');
      }
      // Slow filters are asked less often, so that many of them leave the store room.
      const pause = Math.max(pollIntervalMs, 3 * (performance.now() - began));
      await sleep(pause, undefined, { signal }).catch(() => undefined);
    }
  }

  /**
   * Marks what is stored already as known, so that a line of the same seconds which becomes
   * visible later is told from it.
   */
  async #learnKnown(): Promise<StartOfTail> {
    const since = (await this.#storeSecond()) - settleSeconds;
    const known = knownLines(this.#filter, this.#context.config.tenant, since);
    const rows = await this.#context.engine.select<{ arrived: StoredNumber; line_keys: number[] }>(
      known.sql,
      { params: known.params, ...this.#queryOptions() },
    );
    let total = 0;
    let first = since;
    for (const row of rows) {
      total += row.line_keys.length;
      // The statement stopped within this second: what else it holds is not known.
      if (total >= maxKnownAtStart) first = Math.max(first, Number(row.arrived) + 1);
      else this.#ledger.skip(Number(row.arrived), row.line_keys);
    }
    return { windowSecond: since, firstSecond: first };
  }

  #queryOptions(): { maxExecutionMs: number; signal: AbortSignal } {
    return {
      maxExecutionMs: this.#context.config.query.max_execution_time,
      signal: this.#stop.signal,
    };
  }

  async #poll(sinceSecond: number): Promise<void> {
    const options = this.#queryOptions();
    this.#ledger.closeBefore(sinceSecond);
    const counts = arrivalCounts(this.#filter, this.#context.config.tenant, sinceSecond);
    const counted = await this.#context.engine.select<{
      second: StoredNumber;
      lines: StoredNumber;
    }>(counts.sql, { params: counts.params, ...options });
    const grown = this.#ledger.grown(
      counted.map((row) => ({ second: Number(row.second), lines: Number(row.lines) })),
    );
    if (grown.length > 0) {
      const limit = Math.floor(this.#budget) + this.#ledger.sentWithin(grown);
      const arrived = arrivedLines(this.#filter, this.#context.config.tenant, { grown, limit });
      const rows = this.#context.engine.stream<ArrivedRow>(arrived.sql, {
        params: arrived.params,
        ...options,
      });
      this.#send(await this.#takeNew(rows));
    }
    const dropped = this.#ledger.takeDropped();
    if (dropped > 0) {
      this.#context.metrics.tailDropped('rate_limit', dropped);
      for (const client of this.clients) client.sendDropped(dropped, 'rate_limit');
    }
  }

  async #takeNew(rows: AsyncIterable<ArrivedRow[]>): Promise<LogRow[]> {
    const fresh = await this.#readNew(rows);
    // Only now: had the statement failed half-way, its lines would be known and never sent.
    for (const row of fresh) this.#ledger.take(Number(row.arrived), row.line_key);
    return fresh;
  }

  async #readNew(rows: AsyncIterable<ArrivedRow[]>): Promise<ArrivedRow[]> {
    const fresh: ArrivedRow[] = [];
    let bytes = 0;
    for await (const batch of rows) {
      for (const row of batch) {
        if (fresh.length >= Math.floor(this.#budget) || bytes > maxPollBytes) return fresh;
        if (this.#ledger.isKnown(Number(row.arrived), row.line_key)) continue;
        fresh.push(row);
        bytes += entryBytes(row);
      }
    }
    return fresh;
  }

  #send(rows: LogRow[]): void {
    if (rows.length === 0) return;
    this.#budget -= rows.length;
    const entries: LogEntry[] = rows.sort(byPlace).map(toEntry);
    this.#context.metrics.tailSent(entries.length * this.clients.size);
    for (const client of this.clients) {
      const dropped = client.sendEntries(entries);
      if (dropped > 0) this.#context.metrics.tailDropped('slow_reader', dropped);
    }
  }

  /** The store's clock, because it stamps the arrivals and may be another machine's. */
  async #storeSecond(): Promise<number> {
    const [row] = await this.#context.engine.select<{ second: StoredNumber }>(
      'SELECT toUnixTimestamp(now()) AS second',
      { signal: this.#stop.signal },
    );
    return Number(row?.second ?? 0);
  }
}

interface Statement {
  sql: string;
  params: Record<string, SqlParameter>;
}

function arrivalCounts(filter: LogFilter, tenant: string, sinceSecond: number): Statement {
  const { conditions, params } = filterConditions(filter, tenant);
  return {
    sql: `SELECT toUnixTimestamp(ingested_at) AS second, count() AS lines FROM logs
      WHERE ingested_at >= toDateTime({since:UInt32}, 'UTC') AND ${conditions.join(' AND ')}
      GROUP BY second`,
    params: { ...params, since: sinceSecond },
  };
}

function knownLines(filter: LogFilter, tenant: string, sinceSecond: number): Statement {
  const { conditions, params } = filterConditions(filter, tenant);
  return {
    sql: `SELECT arrived, groupArray(line_key) AS line_keys FROM (
        SELECT toUnixTimestamp(ingested_at) AS arrived, ${lineKeySql} AS line_key FROM logs
        WHERE ingested_at >= toDateTime({since:UInt32}, 'UTC') AND ${conditions.join(' AND ')}
        ORDER BY arrived DESC
        LIMIT ${maxKnownAtStart}
      )
      GROUP BY arrived
      ORDER BY arrived DESC`,
    params: { ...params, since: Math.max(0, sinceSecond) },
  };
}

function arrivedLines(
  filter: LogFilter,
  tenant: string,
  wanted: { grown: readonly number[]; limit: number },
): Statement {
  const { conditions, params } = filterConditions(filter, tenant);
  return {
    sql: `SELECT ${logColumns}, toUnixTimestamp(ingested_at) AS arrived, ${lineKeySql} AS line_key FROM logs
      WHERE ingested_at >= toDateTime({since:UInt32}, 'UTC')
        AND toUnixTimestamp(ingested_at) IN {seconds:Array(UInt32)}
        AND ${conditions.join(' AND ')}
      ORDER BY ingested_at DESC, time DESC, file_id DESC, position DESC
      LIMIT {limit:UInt32}`,
    params: {
      ...params,
      since: Math.min(...wanted.grown),
      seconds: [...wanted.grown],
      limit: wanted.limit,
    },
  };
}

function byPlace(a: LogRow, b: LogRow): number {
  if (a.time_ns !== b.time_ns) return BigInt(a.time_ns) < BigInt(b.time_ns) ? -1 : 1;
  if (a.file_id !== b.file_id) return a.file_id < b.file_id ? -1 : 1;
  return Number(BigInt(a.position_text) - BigInt(b.position_text));
}
