/**
 * What a client keeps between requests under a `session_id` of its choice: settings, parameters, a
 * database, temporary tables. Sessions of different users never meet.
 */
import type { RawConnection } from '@plimsoll/storage';
import { ClickHouseException } from './exception.ts';

export interface Session {
  settings: Map<string, string>;
  /** As `SET param_…` takes them. */
  parameters: Map<string, string>;
  database: string | null;
  /** Of its own once it has temporary tables: they live there. */
  connection: RawConnection | null;
  /** Names of settings that are set on the connection. */
  applied: Set<string>;
}

interface Entry {
  session: Session;
  isLocked: boolean;
  timeoutMs: number;
  timer: NodeJS.Timeout | undefined;
}

export interface SessionRequest {
  user: string;
  id: string;
  timeoutMs: number;
  /** It must be there already. */
  mustExist: boolean;
}

export const defaultSessionTimeoutMs = 60_000;
export const maxSessionTimeoutMs = 3_600_000;

export class Sessions {
  readonly #entries = new Map<string, Entry>();
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#entries.size;
  }

  /**
   * The session for one request at a time; `release` it.
   *
   * @throws {ClickHouseException} SESSION_NOT_FOUND, SESSION_IS_LOCKED, TOO_MANY_SESSIONS
   */
  acquire({ user, id, timeoutMs, mustExist }: SessionRequest): Session {
    const key = JSON.stringify([user, id]);
    const entry = this.#entries.get(key) ?? this.#create(key, mustExist);
    if (entry.isLocked) {
      throw new ClickHouseException(
        'SESSION_IS_LOCKED',
        `Session ${id} is locked by a concurrent client`,
      );
    }
    entry.isLocked = true;
    entry.timeoutMs = timeoutMs;
    clearTimeout(entry.timer);
    return entry.session;
  }

  release({ user, id }: Pick<SessionRequest, 'user' | 'id'>): void {
    const key = JSON.stringify([user, id]);
    const entry = this.#entries.get(key);
    if (!entry) return;
    entry.isLocked = false;
    entry.timer = setTimeout(() => this.#drop(key), entry.timeoutMs);
    entry.timer.unref();
  }

  closeAll(): void {
    for (const key of this.#entries.keys()) this.#drop(key);
  }

  #create(key: string, mustExist: boolean): Entry {
    if (mustExist) {
      throw new ClickHouseException('SESSION_NOT_FOUND', 'Session not found or has expired');
    }
    if (this.#entries.size >= this.#max) {
      throw new ClickHouseException(
        'TOO_MANY_SESSIONS',
        `Too many sessions: expected at most ${this.#max}; end some or wait for their timeout`,
      );
    }
    const session: Session = {
      settings: new Map(),
      parameters: new Map(),
      database: null,
      connection: null,
      applied: new Set(),
    };
    const entry: Entry = { session, isLocked: false, timeoutMs: 0, timer: undefined };
    this.#entries.set(key, entry);
    return entry;
  }

  #drop(key: string): void {
    const entry = this.#entries.get(key);
    this.#entries.delete(key);
    clearTimeout(entry?.timer);
    entry?.session.connection?.close();
  }
}
