/**
 * What quotas withheld, told once a minute and container, and after a second where it begins:
 * nothing is dropped without being counted and shown. What was not told yet is lost with the process
 * when that is killed: the sum of a minute at most.
 */
import type { EventRow, TargetLabels } from '@plimsoll/model';
import type { DropLedger } from '../drops.ts';
import { makeEvent } from '../events.ts';
import type { LogOwner } from './line-settings.ts';
import type { Withheld } from './line-processor.ts';

export interface WithheldLedgerOptions {
  drops: DropLedger;
  /** Milliseconds since 1970. */
  wallMs: () => number;
  onEvent: (event: EventRow) => void;
}

const minuteMs = 60_000;
/** Nothing told for as long: what is withheld now begins anew. */
const quietMs = 2 * minuteMs;
const firstTellMs = 1000;

interface Account extends Withheld {
  labels: TargetLabels;
  sinceMs: number;
}

export class WithheldLedger {
  readonly #options: WithheldLedgerOptions;
  readonly #accounts = new Map<string, Account>();
  /** When each container was told of last. */
  readonly #toldMs = new Map<string, number>();

  constructor(options: WithheldLedgerOptions) {
    this.#options = options;
  }

  add({ labels }: LogOwner, { lines, bytes }: Withheld): void {
    const { drops, wallMs } = this.#options;
    drops.add('quota_withheld_lines', lines);
    drops.add('quota_withheld_bytes', bytes);
    this.tellDue();
    const key = `${labels.container_id}\0${labels.container_name}`;
    const account = this.#accounts.get(key) ?? { labels, sinceMs: wallMs(), lines: 0, bytes: 0 };
    account.lines += lines;
    account.bytes += bytes;
    this.#accounts.set(key, account);
  }

  /** Makes the events of what has begun, and of the minutes that are over. */
  tellDue(): void {
    const nowMs = this.#options.wallMs();
    for (const [key, toldMs] of this.#toldMs) {
      if (nowMs - toldMs > quietMs) this.#toldMs.delete(key);
    }
    for (const [key, account] of this.#accounts) {
      const isFirst = !this.#toldMs.has(key) && nowMs - account.sinceMs >= firstTellMs;
      const isOver = minuteOf(account.sinceMs) !== minuteOf(nowMs);
      if (isFirst || isOver) this.#tell(key, account);
    }
  }

  /** Also of the minute under way: the collector stops. */
  tellAll(): void {
    for (const [key, account] of this.#accounts) this.#tell(key, account);
  }

  #tell(key: string, { labels, sinceMs, lines, bytes }: Account): void {
    this.#accounts.delete(key);
    this.#toldMs.set(key, this.#options.wallMs());
    this.#options.onEvent(
      makeEvent({
        labels,
        timeMs: this.#options.wallMs(),
        kind: 'log_withheld',
        severity: 'warning',
        message: `${lines} lines (${bytes} bytes) of ${labels.container_name} were over its quota and were not kept.`,
        attributes: {
          source: 'collector',
          reason: 'quota',
          withheld_lines: String(lines),
          withheld_bytes: String(bytes),
        },
        occurrence: `quota ${labels.container_name} ${sinceMs}`,
      }),
    );
  }
}

function minuteOf(timeMs: number): number {
  return Math.floor(timeMs / minuteMs);
}
