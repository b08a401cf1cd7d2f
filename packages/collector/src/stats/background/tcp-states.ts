/**
 * Sockets by state of each network namespace, one namespace at a time and at most one a second.
 *
 * A namespace without sockets is not read: its zeros follow from sockstat. Of the others the one
 * read longest ago is next; one whose sockets have become more since counts as read a whole
 * interval earlier than it was. A result stands in one row: the rows between have null.
 */
import type { Clock } from '@plimsoll/runtime';
import type { ContainerValues } from '../container-values.ts';
import { noTcpStates, type TcpStates } from '../parse/tcp.ts';
import type { BackgroundTask } from './background-reads.ts';
import { TcpTable } from './tcp-table.ts';

const shortestGapMs = 1000;
/** Timers wake a little early at times. */
const slackMs = 20;
/** Pieces of one step; a piece is some 27 sockets. */
const piecesPerStep = 64;

interface Namespace {
  readonly directory: string;
  sockets: number;
  socketsWhenRead: number;
  readAt: number;
  result: TcpStates | undefined;
}

/** The namespace that is being read, and its sockets when that began. */
interface Reading {
  readonly dockerId: string;
  readonly table: TcpTable;
  readonly sockets: number;
}

export class TcpStateReads implements BackgroundTask {
  readonly tier = 'tcp_states';
  readonly #clock: Clock;
  readonly #intervalMs: number;
  readonly #namespaces = new Map<string, Namespace>();
  readonly #buffer = Buffer.allocUnsafeSlow(64 * 1024);
  #reading: Reading | undefined;
  #startedAt = -Infinity;
  #reads = 0;

  /** @param options.intervalMs How often a namespace with sockets is read where time allows. */
  constructor(options: { clock: Clock; intervalMs: number }) {
    this.#clock = options.clock;
    this.#intervalMs = options.intervalMs;
  }

  get readsTotal(): number {
    return this.#reads;
  }

  /**
   * Takes note of a container's sockets (`tcp_sockets_in_use` and `_time_wait`) and fills in the
   * states where they are known. To be called for one container of each namespace.
   */
  exchange(container: { dockerId: string; directory: string }, values: ContainerValues): void {
    const sockets = values.get('tcp_sockets_in_use') + values.get('tcp_sockets_time_wait');
    if (Number.isNaN(sockets)) return;
    const namespace = this.#namespace(container.dockerId, container.directory);
    namespace.sockets = sockets;
    if (sockets === 0) {
      namespace.socketsWhenRead = 0;
      namespace.result = noTcpStates();
    }
    if (!namespace.result) return;
    values.set('tcp_sockets_established', namespace.result.established);
    values.set('tcp_sockets_syn_sent', namespace.result.synSent);
    values.set('tcp_sockets_fin_wait', namespace.result.finWait);
    values.set('tcp_sockets_close_wait', namespace.result.closeWait);
    values.set('tcp_sockets_listening', namespace.result.listening);
    namespace.result = undefined;
  }

  remove(dockerId: string): void {
    this.#namespaces.delete(dockerId);
    if (this.#reading?.dockerId !== dockerId) return;
    this.#reading.table.close();
    this.#reading = undefined;
  }

  step(): boolean {
    this.#reading ??= this.#begin();
    if (!this.#reading) return false;
    const { dockerId, table, sockets } = this.#reading;
    for (let piece = 0; piece < piecesPerStep; piece++) {
      const found = table.step();
      if (found === undefined) continue;
      this.#reading = undefined;
      const namespace = this.#namespaces.get(dockerId);
      if (!namespace) return true;
      namespace.readAt = this.#clock.monotonic();
      namespace.socketsWhenRead = sockets;
      namespace.result = found === 'gone' ? undefined : found;
      this.#reads++;
      return true;
    }
    return true;
  }

  close(): void {
    this.#reading?.table.close();
    this.#reading = undefined;
    this.#namespaces.clear();
  }

  #namespace(dockerId: string, directory: string): Namespace {
    const known = this.#namespaces.get(dockerId);
    if (known?.directory === directory) return known;
    this.remove(dockerId);
    const made: Namespace = {
      directory,
      sockets: 0,
      socketsWhenRead: 0,
      readAt: -Infinity,
      result: undefined,
    };
    this.#namespaces.set(dockerId, made);
    return made;
  }

  #begin(): Reading | undefined {
    const now = this.#clock.monotonic();
    if (now - this.#startedAt < shortestGapMs - slackMs) return undefined;
    let next: string | undefined;
    let oldest = now - this.#intervalMs;
    for (const [dockerId, namespace] of this.#namespaces) {
      if (namespace.sockets === 0) continue;
      const hasGrown = namespace.sockets > namespace.socketsWhenRead;
      const age = namespace.readAt - (hasGrown ? this.#intervalMs : 0);
      if (age > oldest || (next !== undefined && age === oldest)) continue;
      next = dockerId;
      oldest = age;
    }
    const chosen = next === undefined ? undefined : this.#namespaces.get(next);
    if (next === undefined || !chosen) return undefined;
    this.#startedAt = now;
    const table = new TcpTable(chosen.directory, this.#buffer);
    return { dockerId: next, table, sockets: chosen.sockets };
  }
}
