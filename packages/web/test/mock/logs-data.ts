import type { Severity } from '@plimsoll/model';
import type { FleetTank, LogEntry } from '@plimsoll/model/api';
import { seeded } from './random.ts';

/**
 * An endless log without memory: line number n has its time and text computed from n. Line 0 is
 * the newest when the server began; live lines have negative numbers.
 */
export class MockLog {
  readonly #tanks: readonly FleetTank[];
  readonly #newest: number;
  readonly gapMs: number;

  constructor(tanks: readonly FleetTank[], newest: number, gapMs: number) {
    this.#tanks = tanks;
    this.#newest = newest;
    this.gapMs = gapMs;
  }

  timeOf(number: number): number {
    return this.#newest - number * this.gapMs;
  }

  /** The number of the first line that is older than a time. */
  firstBefore(time: number): number {
    return Math.floor((this.#newest - time) / this.gapMs) + 1;
  }

  line(number: number): LogEntry {
    const random = seeded(number * 2654435761 + 99);
    const tank = this.#tanks[Math.floor(random() ** 1.6 * this.#tanks.length)];
    const time = this.timeOf(number);
    const { severity, message, raw } = textOf(random, {
      number,
      time,
      service: tank?.service ?? '',
    });
    return {
      id: `m${number}`,
      time_ns: `${time}${String(Math.floor(random() * 1e6)).padStart(6, '0')}`,
      time,
      host: tank?.host ?? '',
      container_id: tank?.id ?? '',
      container: tank?.name ?? '',
      image: tank?.image ?? '',
      service: tank?.service ?? '',
      stream: severity === 'error' || severity === 'fatal' ? 'stderr' : 'stdout',
      severity,
      message,
      message_raw: raw,
    };
  }
}

interface LineText {
  severity: Severity;
  message: string;
  raw: string | null;
}

/** Between 70 % and 78 % of each half hour something is wrong. */
function isTrouble(time: number): boolean {
  const share = (time % 1_800_000) / 1_800_000;
  return share > 0.7 && share < 0.78;
}

function textOf(
  random: () => number,
  line: { number: number; time: number; service: string },
): LineText {
  const order = 80_000 + (Math.abs(line.number) % 9000);
  const dice = isTrouble(line.time)
    ? random() * 0.4
    : 0.02 + random() * 0.98 + (random() < 0.7 ? 0.12 : 0);
  const ms = Math.round(20 + random() * 900);
  if (dice < 0.008)
    return plain('fatal', 'runtime: out of memory: cannot allocate 4194304-byte block');
  if (dice < 0.035)
    return plain('error', `payment authorisation timed out after 3000 ms order=${order} attempt=3`);
  if (dice < 0.05)
    return plain(
      'error',
      `{"level":"error","msg":"upstream reset","upstream":"catalog:8080","status":502,"order":{"id":${order},"items":[3,9]},"retry":true}`,
    );
  if (dice < 0.1)
    return plain(
      'warn',
      `pool nearly full: ${80 + Math.floor(random() * 19)} % of 128 connections in use, waiting=${Math.floor(random() * 40)}`,
    );
  if (dice < 0.13) {
    const text = `WARN slow query ${ms} ms: select * from orders where customer = $1`;
    return {
      severity: 'warn',
      message: text,
      raw: `\u001b[33mWARN\u001b[0m slow query \u001b[1m${ms} ms\u001b[0m: \u001b[36mselect\u001b[0m * \u001b[36mfrom\u001b[0m orders \u001b[36mwhere\u001b[0m customer = $1`,
    };
  }
  if (dice < 0.2) return plain('debug', `cache miss key=${line.service}:${order} ttl=300`);
  if (dice < 0.26)
    return plain(
      '',
      `  at Checkout.authorise (/app/dist/checkout.js:${200 + Math.floor(random() * 90)}:17)`,
    );
  return plain(
    'info',
    `GET /api/${line.service}/${order} 200 ${ms} ms bytes=${Math.floor(random() * 90_000)}`,
  );
}

function plain(severity: Severity, message: string): LineText {
  return { severity, message, raw: null };
}

export interface MockFilter {
  from: number;
  to: number;
  words: string[];
  regex: RegExp | null;
  lists: Record<string, string[]>;
}

export function readFilter(params: URLSearchParams, now: number): MockFilter {
  const regex = params.get('regex');
  const lists: Record<string, string[]> = {};
  for (const key of [
    'container_id',
    'container',
    'service',
    'image',
    'host',
    'stream',
    'severity',
  ]) {
    const values = params.getAll(key);
    if (values.length > 0) lists[key] = values;
  }
  return {
    from: Number(params.get('from') ?? now - 3_600_000),
    to: Number(params.get('to') ?? now),
    words: (params.get('q') ?? '')
      .toLowerCase()
      .split(/\s+/)
      .filter((word) => word !== ''),
    regex: regex === null || regex === '' ? null : new RegExp(regex),
    lists,
  };
}

export function matches(entry: LogEntry, filter: MockFilter): boolean {
  const text = entry.message.toLowerCase();
  if (
    !filter.words.every((word) =>
      word.startsWith('-') ? !text.includes(word.slice(1)) : text.includes(word),
    )
  )
    return false;
  if (filter.regex !== null && !filter.regex.test(entry.message)) return false;
  const fields: Record<string, string> = { ...entry, message_raw: '', time: '' };
  return Object.entries(filter.lists).every(([key, values]) => values.includes(fields[key] ?? ''));
}
