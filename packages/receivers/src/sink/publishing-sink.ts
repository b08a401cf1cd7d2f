/**
 * Frames of what was pushed, by tenant.
 *
 * Log records go by a key that is made of their identity and of nothing else: so what a client repeats,
 * to whichever receiver, comes to the same partition and to the one ingest that reads it, behind what was
 * there before. Rows go by this receiver's own key: they are known by the frame's sequence number.
 */
import { randomUUID } from 'node:crypto';
import type { FrameOrigin } from '@plimsoll/model';
import type { Publisher } from '@plimsoll/transport';
import { ReceiverError } from '../receiver-error.ts';
import { draftLogFrames, draftRowsFrames } from './draft-frames.ts';
import type { FrameSink, PushedChunk, PushedLogs, RowsPayload } from './frame-sink.ts';
import { Lane } from './lane.ts';

export interface PublishingSinkOptions {
  publisher: Publisher;
  /** Of this process, in frames' headers. */
  instance: string;
  /** Longest that a push waits for others to share its frame. Default 20. */
  maxWaitMs?: number;
  wallMs?: () => number;
  nowMs?: () => number;
}

/** Keys of each tenant's logs, and so the most partitions that they spread over. */
export const logLanes = 4;
/** Raw bytes of a frame that waits for no more. */
const frameBytes = 1024 * 1024;

interface TenantLanes {
  logs: Lane<PushedChunk>[];
  rows: Lane<RowsPayload>;
}

export class PublishingSink implements FrameSink {
  readonly #options: PublishingSinkOptions;
  readonly #abort = new AbortController();
  readonly #tenants = new Map<string, TenantLanes>();
  readonly #epoch: number;
  /** Two processes that are called the same must not count as one: their frames would be trimmed. */
  readonly #process = randomUUID();

  constructor(options: PublishingSinkOptions) {
    this.#options = options;
    this.#epoch = (options.wallMs ?? Date.now)();
  }

  async publishRows(tenant: string, payloads: readonly RowsPayload[]): Promise<void> {
    await this.#durable(this.#lanesOf(tenant).rows.add(payloads));
  }

  async publishLogs(tenant: string, { identity, chunks }: PushedLogs): Promise<void> {
    const lane = this.#lanesOf(tenant).logs[laneOf(identity)];
    if (!lane) throw new Error('expected a lane for each identity');
    await this.#durable(lane.add(chunks));
  }

  /** How long the oldest of what is not durable has waited; 0: all is. */
  get waitedMs(): number {
    let oldest = Infinity;
    for (const { logs, rows } of this.#tenants.values()) {
      for (const lane of [...logs, rows]) oldest = Math.min(oldest, lane.oldestMs ?? Infinity);
    }
    return oldest === Infinity ? 0 : this.#nowMs() - oldest;
  }

  /** Sends what waits for company at once. */
  flush(): void {
    for (const { logs, rows } of this.#tenants.values()) {
      for (const lane of [...logs, rows]) lane.flush();
    }
  }

  /** Gives up what is not durable: its clients were not told that it was, and send it again. */
  abort(): void {
    this.flush();
    this.#abort.abort(new ReceiverError('stopping', 'this process is stopping; send it again'));
  }

  async #durable(published: Promise<void>): Promise<void> {
    try {
      await published;
    } catch (error) {
      if (error instanceof ReceiverError) throw error;
      const message = 'the data could not be made durable; send it again later';
      throw new ReceiverError('unavailable', message, { cause: error, retryAfterSeconds: 5 });
    }
  }

  #lanesOf(tenant: string): TenantLanes {
    const known = this.#tenants.get(tenant);
    if (known !== undefined) return known;
    const { instance } = this.#options;
    const logsOrigin = this.#origins(tenant);
    const rowsOrigin = this.#origins(tenant);
    const lanes: TenantLanes = {
      logs: Array.from({ length: logLanes }, (_, index) =>
        this.#lane<PushedChunk>(`${tenant}/push/${index}`, logsOrigin, draftLogFrames),
      ),
      rows: this.#lane<RowsPayload>(`${tenant}/${instance}`, rowsOrigin, draftRowsFrames),
    };
    this.#tenants.set(tenant, lanes);
    return lanes;
  }

  #lane<Item extends { payload: Buffer }>(
    key: string,
    nextOrigin: () => FrameOrigin,
    draft: (items: readonly Item[]) => ReturnType<typeof draftLogFrames>,
  ): Lane<Item> {
    return new Lane<Item>({
      publisher: this.#options.publisher,
      signal: this.#abort.signal,
      key,
      nextOrigin,
      maxWaitMs: this.#options.maxWaitMs ?? 20,
      maxBytes: frameBytes,
      bytesOf: ({ payload }) => payload.length,
      draft,
      nowMs: () => this.#nowMs(),
    });
  }

  /** Each tenant has numbers of its own: frames of one go to one partition, in one run. */
  #origins(tenant: string): () => FrameOrigin {
    const { instance, wallMs = Date.now } = this.#options;
    let sequence = 0;
    return () => {
      sequence += 1;
      return {
        tenant,
        host: instance,
        boot_id: '',
        collector_id: `receiver/${instance}/${this.#process}/${tenant}`,
        epoch: this.#epoch,
        sequence,
        created_at_ms: wallMs(),
      };
    };
  }

  #nowMs(): number {
    return (this.#options.nowMs ?? (() => performance.now()))();
  }
}

/** By the end of the identity, which is a digest, or as good as one. */
function laneOf(identity: string): number {
  let sum = 0;
  for (let at = Math.max(0, identity.length - 8); at < identity.length; at += 1) {
    sum = (sum * 31 + identity.charCodeAt(at)) >>> 0;
  }
  return sum % logLanes;
}
