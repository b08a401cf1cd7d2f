/** OTLP/HTTP metrics (opentelemetry.io/docs/specs/otlp): protobuf and JSON at one endpoint. */
import { BatchBuilder, seriesMemory, type SeriesMemory } from '../metrics/batch-builder.ts';
import {
  defaultMetricLimits,
  type MetricLimits,
  type MetricsProtocolOptions,
} from '../metrics/metric-limits.ts';
import type { DecodedMetrics, MetricsProtocol, MetricsReply } from '../metrics/metrics-batch.ts';
import { otlpEncodingOf, type OtlpEncoding } from '../otlp/content-type.ts';
import { otlpStatus, otlpSuccess } from '../otlp/messages.ts';
import { readMetricsJson } from './read-json.ts';
import { readMetricsProtobuf } from './read-protobuf.ts';
import { OtlpTranslator } from './translator.ts';

/** google.rpc.Code */
const invalidArgument = 3;

export class OtlpMetrics implements MetricsProtocol {
  readonly name = 'otlp-metrics';
  readonly #limits: MetricLimits;
  readonly #now: () => number;
  readonly #memory: SeriesMemory = seriesMemory();

  constructor({ limits, now = Date.now }: MetricsProtocolOptions = {}) {
    this.#limits = { ...defaultMetricLimits, ...limits };
    this.#now = now;
  }

  decode(body: Buffer, contentType: string | undefined): DecodedMetrics {
    const encoding = otlpEncodingOf(contentType);
    const limits = this.#limits;
    const builder = new BatchBuilder({ limits, memory: this.#memory, nowMs: this.#now() });
    const translator = new OtlpTranslator(builder);
    if (encoding === 'json') readMetricsJson(body, translator);
    else {
      readMetricsProtobuf(body, translator, {
        attributes: limits.maxLabels,
        // An escaped character, or a number, takes several bytes.
        attributeBytes: 4 * (limits.maxLabelNameBytes + limits.maxLabelValueBytes),
        values: Math.max(limits.maxExplicitBuckets + 1, limits.maxNativeBuckets),
      });
    }
    return { batch: builder.batch(), reply: replyOf(encoding, builder) };
  }
}

/** Points that were left out are a partial success; when nothing is left, a failure for good. */
function replyOf(encoding: OtlpEncoding, builder: BatchBuilder): MetricsReply {
  const { accepted, problems } = builder;
  const rejected = builder.rejected.samples + builder.rejected.histograms;
  const message = problems.describe();
  const isNothing = rejected > 0 && accepted.samples + accepted.histograms === 0;
  const { contentType, body } = isNothing
    ? otlpStatus({ code: invalidArgument, message }, encoding)
    : otlpSuccess({ rejected, message, rejectedField: 'rejectedDataPoints' }, encoding);
  return { status: isNothing ? 400 : 200, headers: { 'content-type': contentType }, body };
}
