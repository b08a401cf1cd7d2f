/**
 * The table `notifications`: every step of every notification, and from it, after a restart, what
 * is still owed to whom. Rows are buffered and stored together; at most `maxBuffered` wait.
 */
import type { Engine } from '@plimsoll/storage';
import type { Alert } from '../state/alert.ts';
import type { DeliveryRecord } from '../webhook/receiver.ts';
import { toDateTime } from './time.ts';

const maxBuffered = 10_000;

export class NotificationStore {
  readonly #engine: Engine;
  readonly #tenant: string;
  #buffer: unknown[][] = [];
  #dropped = 0;

  constructor(engine: Engine, tenant: string) {
    this.#engine = engine;
    this.#tenant = tenant;
  }

  /** Rows that did not fit while the engine took none. */
  get dropped(): number {
    return this.#dropped;
  }

  add(record: DeliveryRecord, nowMs: number): void {
    if (this.#buffer.length >= maxBuffered) {
      this.#buffer.shift();
      this.#dropped++;
    }
    const { alert, status } = record.notification;
    this.#buffer.push([
      toDateTime(nowMs),
      this.#tenant,
      record.receiver,
      alert.rule,
      alert.fingerprint,
      record.status,
      record.attempt,
      record.error,
      status,
      toDateTime(alert.firingAt),
    ]);
  }

  /** Keeps the rows when the insert fails, and throws. */
  async flush(signal?: AbortSignal): Promise<void> {
    const rows = this.#buffer;
    if (rows.length === 0) return;
    this.#buffer = [];
    try {
      await this.#engine.insert({
        table: 'notifications',
        columns,
        format: 'JSONCompactEachRow',
        data: Buffer.from(rows.map((row) => JSON.stringify(row)).join('\n')),
        ...(signal ? { signal } : {}),
      });
    } catch (error) {
      this.#buffer = [...rows, ...this.#buffer].slice(-maxBuffered);
      throw error;
    }
  }

  /**
   * Which of these alerts each receiver has yet to be told of. A resolved alert is owed only to a
   * receiver that had to do with its episode: a new receiver is not told of what is over.
   */
  async owed(
    alerts: readonly Alert[],
    receivers: readonly string[],
    signal?: AbortSignal,
  ): Promise<Map<string, Alert[]>> {
    const told = alerts.filter((alert) => alert.state !== 'pending' && alert.firingAt !== null);
    if (told.length === 0 || receivers.length === 0) return new Map();
    const rows = await this.#engine.select<LogRow>(logSql, {
      params: {
        tenant: this.#tenant,
        fingerprints: [...new Set(told.map((alert) => alert.fingerprint))],
      },
      maxRows: 1_000_000,
      ...(signal ? { signal } : {}),
    });
    const known = new Set<string>();
    const ended = new Set<string>();
    for (const row of rows) {
      const episode = `${row.receiver}\n${row.rule}\n${row.fingerprint}\n${row.firing_ms}`;
      known.add(episode);
      if (row.is_ended) ended.add(`${episode}\n${row.alert_state}`);
    }
    return new Map(
      receivers.map((receiver) => [
        receiver,
        told.filter((alert) => {
          const episode = `${receiver}\n${alert.rule}\n${alert.fingerprint}\n${alert.firingAt}`;
          if (alert.state === 'resolved' && !known.has(episode)) return false;
          return !ended.has(`${episode}\n${alert.state}`);
        }),
      ]),
    );
  }
}

const columns = [
  'time',
  'tenant',
  'receiver',
  'rule',
  'fingerprint',
  'status',
  'attempt',
  'error',
  'alert_state',
  'firing_at',
];

interface LogRow {
  receiver: string;
  rule: string;
  fingerprint: string;
  alert_state: string;
  firing_ms: number;
  is_ended: number;
}

const logSql = `
SELECT
  receiver, rule, fingerprint, alert_state,
  toFloat64(toUnixTimestamp64Milli(firing_at)) AS firing_ms,
  max(status IN ('delivered', 'abandoned', 'dropped')) AS is_ended
FROM notifications
WHERE tenant = {tenant:String} AND fingerprint IN {fingerprints:Array(String)}
GROUP BY receiver, rule, fingerprint, alert_state, firing_at`;
