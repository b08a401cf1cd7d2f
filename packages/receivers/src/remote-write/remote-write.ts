/**
 * Prometheus remote write 1.0 and 2.0 at one endpoint (prometheus.io/docs/specs). The content type says
 * which of the two a body is.
 *
 * What is good is stored, also when something beside it is not: the answer is then a 400 that names what
 * was left out, which senders count as failed and do not repeat.
 */
import { ReceiverError } from '../receiver-error.ts';
import { BatchBuilder, seriesMemory, type SeriesMemory } from '../metrics/batch-builder.ts';
import {
  defaultMetricLimits,
  type MetricLimits,
  type MetricsProtocolOptions,
} from '../metrics/metric-limits.ts';
import type { DecodedMetrics, MetricsProtocol, MetricsReply } from '../metrics/metrics-batch.ts';
import { decodeRequestV2, TextNumbers } from './decode-request-v2.ts';
import { decodeWriteRequest } from './decode-write-request.ts';

export type RemoteWriteMessage = 'prometheus.WriteRequest' | 'io.prometheus.write.v2.Request';

export class RemoteWrite implements MetricsProtocol {
  readonly name = 'remote-write';
  readonly #limits: MetricLimits;
  readonly #now: () => number;
  readonly #memory: SeriesMemory = seriesMemory();
  readonly #numbers = new TextNumbers();

  constructor({ limits, now = Date.now }: MetricsProtocolOptions = {}) {
    this.#limits = { ...defaultMetricLimits, ...limits };
    this.#now = now;
  }

  decode(body: Buffer, contentType: string | undefined): DecodedMetrics {
    const message = remoteWriteMessageOf(contentType);
    const builder = new BatchBuilder({
      limits: this.#limits,
      memory: this.#memory,
      nowMs: this.#now(),
    });
    if (message === 'prometheus.WriteRequest') decodeWriteRequest(body, builder);
    else decodeRequestV2(body, builder, this.#numbers);
    return { batch: builder.batch(), reply: replyOf(message, builder) };
  }
}

/** @throws {ReceiverError} `unsupported_media_type` */
function remoteWriteMessageOf(contentType: string | undefined): RemoteWriteMessage {
  const [type = '', ...parameters] = (contentType ?? '').split(';').map((part) => part.trim());
  const message = parameters.find((part) => /^proto=/i.test(part))?.slice('proto='.length);
  // Senders of 1.0 say no more than the type; some from before say nothing at all.
  if (type === '' || type.toLowerCase() === 'application/x-protobuf') {
    switch (message) {
      case undefined:
      case 'prometheus.WriteRequest':
        return 'prometheus.WriteRequest';
      case 'io.prometheus.write.v2.Request':
        return message;
    }
  }
  throw new ReceiverError(
    'unsupported_media_type',
    'Content-Type: expected application/x-protobuf, with proto=prometheus.WriteRequest or ' +
      `proto=io.prometheus.write.v2.Request, got ${JSON.stringify((contentType ?? '').slice(0, 100))}`,
  );
}

function replyOf(message: RemoteWriteMessage, builder: BatchBuilder): MetricsReply {
  const { accepted, problems } = builder;
  const written =
    message === 'prometheus.WriteRequest'
      ? {}
      : {
          'x-prometheus-remote-write-samples-written': String(accepted.samples),
          'x-prometheus-remote-write-histograms-written': String(accepted.histograms),
          'x-prometheus-remote-write-exemplars-written': String(accepted.exemplars),
        };
  if (problems.total === 0) return { status: 204, headers: written, body: '' };
  return {
    status: 400,
    headers: { ...written, 'content-type': 'text/plain; charset=utf-8' },
    body: `${problems.describe()}\n`,
  };
}
