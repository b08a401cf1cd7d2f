/**
 * One push, from its headers to its answer:
 *
 *     who ─▶ room, rates ─▶ body ─▶ decompress ─▶ decode ─▶ publish ─▶ durable ─▶ answer
 *
 * A request holds its share of the room until its data is durable or given up, also when the client
 * was told to come again meanwhile. So what waits is bounded, whatever clients do.
 */
import type { IncomingMessage } from 'node:http';
import type { Config } from '@plimsoll/runtime';
import { ReceiverError } from '../receiver-error.ts';
import type { PublishingSink } from '../sink/publishing-sink.ts';
import type { Access, Grant } from './access.ts';
import type { Answer } from './answer.ts';
import { contentEncodingOf, type Decompressor } from './decompress.ts';
import type { InFlight, Reservation } from './in-flight.ts';
import type { Decoded, Protocol } from './protocol.ts';
import { readBody } from './read-body.ts';
import type { ReceiverMetrics } from './receiver-metrics.ts';

export interface PushHandlerOptions {
  limits: Config['receivers']['limits'];
  access: Access;
  inFlight: InFlight;
  decompressor: Decompressor;
  sink: PublishingSink;
  metrics: ReceiverMetrics;
  nowMs: () => number;
}

export class PushHandler {
  readonly #options: PushHandlerOptions;

  constructor(options: PushHandlerOptions) {
    this.#options = options;
  }

  /**
   * Resolves when all of it is durable.
   *
   * @throws {ReceiverError}
   */
  async handle(request: IncomingMessage, route: string, protocol: Protocol): Promise<Answer> {
    const { access, inFlight, sink, metrics, limits, nowMs } = this.#options;
    const grant = access.grant(request.headers);
    // The transport stands still: what is sent now would wait in vain, and take others' room.
    if (sink.waitedMs > limits.publish_timeout) throw notInTime(limits.publish_timeout);
    for (const limit of grant.limits) limit.check(nowMs());
    const reservation = inFlight.open();
    let decoded: Decoded;
    try {
      decoded = await this.#read(request, { route, protocol, grant, reservation });
    } catch (error) {
      reservation.release();
      throw error;
    }
    const published = decoded.publish(sink).finally(() => {
      reservation.release();
    });
    await within(published, limits.publish_timeout);
    metrics.accepted(route, decoded.records);
    if (decoded.rejected > 0) metrics.rejected(route, 'invalid', decoded.rejected);
    const { exemplars = 0 } = decoded;
    if (exemplars > 0) metrics.rejected(route, 'exemplar', exemplars);
    return decoded.answer;
  }

  async #read(
    request: IncomingMessage,
    {
      route,
      protocol,
      grant,
      reservation,
    }: { route: string; protocol: Protocol; grant: Grant; reservation: Reservation },
  ): Promise<Decoded> {
    const { decompressor, metrics, limits } = this.#options;
    const contentType = request.headers['content-type'];
    const given = contentEncodingOf(request.headers['content-encoding']);
    const encodings = protocol.encodings(given, contentType);
    let body = await readBody(request, {
      maxBytes: limits.max_body,
      timeoutMs: limits.read_timeout,
      reserve: (bytes) => {
        reservation.grow(bytes);
      },
    });
    const received = body.length;
    for (const encoding of encodings) body = await decompressor.decompress(body, encoding);
    reservation.resize(body.length);
    metrics.body(route, { received, decoded: body.length });
    const decoded = protocol.decode(body, { tenant: grant.tenant, contentType });
    for (const limit of grant.limits) {
      limit.take({ bytes: body.length, records: decoded.records });
    }
    return decoded;
  }
}

/** The promise goes on when the wait is over; what it then rejects with concerns nobody. */
async function within(published: Promise<void>, timeoutMs: number): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(notInTime(timeoutMs));
    }, timeoutMs);
  });
  try {
    await Promise.race([published, late]);
  } finally {
    clearTimeout(timer);
    published.catch(() => undefined);
  }
}

function notInTime(timeoutMs: number): ReceiverError {
  return new ReceiverError(
    'unavailable',
    `the data was not durable within ${timeoutMs} ms (receivers.limits.publish_timeout); send it again`,
    { retryAfterSeconds: 5 },
  );
}
