/**
 * Who asks. Passwords are compared by digest, in constant time. Failures are slowed down for each
 * pair of address and user name; credentials that were right before are not, so that a client with a
 * wrong password keeps none with the right one out.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Config } from '@plimsoll/runtime';
import type { Access } from '../access.ts';
import { ClickHouseException } from '../exception.ts';
import type { Credentials } from './credentials.ts';

export interface User {
  name: string;
  access: Access;
}

export interface UsersOptions {
  users: Config['clickhouse_http']['users'];
  /** Milliseconds on a clock that only goes forward. */
  now: () => number;
}

/** Failures of an address and a name before they are refused unseen, and for how long. */
export const maxFailures = 10;
export const failureWindowMs = 60_000;
/** Pairs that failed, and credentials that did not, that are remembered. */
const maxRemembered = 1000;

export class Users {
  readonly #users = new Map<string, { access: Access; digest: Buffer | null }>();
  readonly #failures = new Map<string, { count: number; sinceMs: number }>();
  readonly #proven = new Set<string>();
  readonly #now: () => number;

  constructor({ users, now }: UsersOptions) {
    this.#now = now;
    for (const { name, password, access } of users) {
      this.#users.set(name, { access, digest: password === undefined ? null : digestOf(password) });
    }
  }

  /** @throws {ClickHouseException} AUTHENTICATION_FAILED, REQUIRED_PASSWORD */
  authenticate({ name, password }: Credentials, address: string): User {
    const user = this.#users.get(name);
    const digest = digestOf(password);
    const pair = JSON.stringify([address, name]);
    const proof = `${pair}${digest.toString('base64')}`;
    if (!this.#proven.has(proof)) this.#checkFailures(pair, name);
    // The same work for a name that is not there.
    const isRight = timingSafeEqual(user?.digest ?? emptyDigest, digest);
    if (user && (isRight || user.digest === null)) {
      remember(this.#proven, proof);
      return { name, access: user.access };
    }
    if (password === '' && user) {
      throw new ClickHouseException('REQUIRED_PASSWORD', `Password required for user ${name}`);
    }
    this.#fail(pair);
    throw wrong(name);
  }

  #checkFailures(pair: string, name: string): void {
    const failures = this.#failures.get(pair);
    if (!failures) return;
    const leftMs = failures.sinceMs + failureWindowMs - this.#now();
    if (leftMs <= 0) {
      this.#failures.delete(pair);
    } else if (failures.count >= maxFailures) {
      throw new ClickHouseException(
        'AUTHENTICATION_FAILED',
        `${name}: Authentication failed: too many failures, try again in ${Math.ceil(leftMs / 1000)} s`,
      );
    }
  }

  #fail(pair: string): void {
    const failures = this.#failures.get(pair) ?? { count: 0, sinceMs: this.#now() };
    failures.count += 1;
    this.#failures.delete(pair);
    this.#failures.set(pair, failures);
    const [oldest] = this.#failures.keys();
    if (this.#failures.size > maxRemembered && oldest !== undefined) this.#failures.delete(oldest);
  }
}

function remember(set: Set<string>, value: string): void {
  set.delete(value);
  set.add(value);
  const [oldest] = set;
  if (set.size > maxRemembered && oldest !== undefined) set.delete(oldest);
}

function digestOf(password: string): Buffer {
  return createHash('sha256').update(password).digest();
}

const emptyDigest = digestOf('');

function wrong(name: string): ClickHouseException {
  return new ClickHouseException(
    'AUTHENTICATION_FAILED',
    `${name}: Authentication failed: password is incorrect, or there is no user with such name`,
  );
}
