import { ReceiverError } from '../receiver-error.ts';

/** Per second on average; 0: no limit. */
export interface Rates {
  bytes_per_second: number;
  records_per_second: number;
}

/** Refused only when told so before; what is taken may then exceed what is there, and is paid back. */
class TokenBucket {
  readonly #perSecond: number;
  #tokens: number;
  #atMs: number;

  constructor(perSecond: number, nowMs: number) {
    this.#perSecond = perSecond;
    this.#tokens = perSecond;
    this.#atMs = nowMs;
  }

  /** Seconds until something may be taken again; 0: now. */
  waitSeconds(nowMs: number): number {
    if (this.#perSecond === 0) return 0;
    const elapsed = Math.max(0, nowMs - this.#atMs) / 1000;
    this.#tokens = Math.min(this.#perSecond, this.#tokens + elapsed * this.#perSecond);
    this.#atMs = nowMs;
    return this.#tokens > 0 ? 0 : Math.max(-this.#tokens / this.#perSecond, 0.001);
  }

  take(amount: number): void {
    this.#tokens -= amount;
  }
}

/** How fast one tenant or token may push: a second's worth at once, and larger requests one by one. */
export class RateLimit {
  readonly #what: string;
  readonly #bytes: TokenBucket;
  readonly #records: TokenBucket;

  /** @param what names it in refusals, such as `tenant shop` */
  constructor(what: string, rates: Rates, nowMs: number) {
    this.#what = what;
    this.#bytes = new TokenBucket(rates.bytes_per_second, nowMs);
    this.#records = new TokenBucket(rates.records_per_second, nowMs);
  }

  /** @throws {ReceiverError} `rate_limited` */
  check(nowMs: number): void {
    const bytes = this.#bytes.waitSeconds(nowMs);
    const records = this.#records.waitSeconds(nowMs);
    if (bytes === 0 && records === 0) return;
    const unit = bytes > records ? 'bytes' : 'records';
    throw new ReceiverError(
      'rate_limited',
      `${this.#what} has pushed more ${unit} per second than it may (receivers, ${unit}_per_second)`,
      { retryAfterSeconds: Math.max(bytes, records) },
    );
  }

  take({ bytes, records }: { bytes: number; records: number }): void {
    this.#bytes.take(bytes);
    this.#records.take(records);
  }
}
