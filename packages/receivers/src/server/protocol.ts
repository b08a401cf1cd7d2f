/** What each route takes, how it is decoded, and the answer that its clients expect. */
import { decodePush, lokiEncodingOf } from '../loki/decode-push.ts';
import { MetricRows } from '../metrics/metric-rows.ts';
import type { MetricsProtocol } from '../metrics/metrics-batch.ts';
import { otlpEncodingOf } from '../otlp/content-type.ts';
import { decodeLogs } from '../otlp-logs/decode-logs.ts';
import { OtlpMetrics } from '../otlp-metrics/otlp-metrics.ts';
import { RemoteWrite } from '../remote-write/remote-write.ts';
import type { DecodedLogs } from '../logs/decoded-logs.ts';
import type { FrameSink } from '../sink/frame-sink.ts';
import { type Answer, type ErrorStyle, lokiAnswer, otlpLogsAnswer } from './answer.ts';
import type { ContentEncoding } from './decompress.ts';

/** A push that was decoded. */
export interface Decoded {
  /** To be stored, of those that were sent. */
  records: number;
  rejected: number;
  /** Of samples; they are never kept. */
  exemplars?: number;
  /** Resolves when all of it is durable. */
  publish: (sink: FrameSink) => Promise<void>;
  /** Once it is. */
  answer: Answer;
}

export interface Protocol {
  errorStyle: ErrorStyle;
  /**
   * What the body is compressed with, from outside to inside: some clients do not say what their
   * protocol prescribes.
   *
   * @throws {ReceiverError}
   */
  encodings: (given: ContentEncoding, contentType: string | undefined) => ContentEncoding[];
  /** Its clients take 429 for "never again": under pressure they are told 503. */
  isPutOffWith503: boolean;
  /** @throws {ReceiverError} */
  decode: (body: Buffer, about: { tenant: string; contentType: string | undefined }) => Decoded;
}

/** Snappy's block form is part of remote write and of Loki's protobuf, whatever the headers say. */
function withSnappy(given: ContentEncoding): ContentEncoding[] {
  return given === 'identity' ? ['snappy'] : [given];
}

export function lokiPush(): Protocol {
  return {
    errorStyle: 'text',
    isPutOffWith503: false,
    encodings: (given, contentType) => {
      if (lokiEncodingOf(contentType) === 'json') return [given];
      return given === 'gzip' || given === 'deflate' ? [given, 'snappy'] : withSnappy(given);
    },
    decode: (body, { tenant, contentType }) => {
      const decoded = decodePush(body, tenant, lokiEncodingOf(contentType));
      return ofLogs(tenant, decoded, lokiAnswer(decoded.rejected));
    },
  };
}

export function otlpLogs(): Protocol {
  return {
    errorStyle: 'otlp',
    isPutOffWith503: false,
    encodings: (given) => [given],
    decode: (body, { tenant, contentType }) => {
      const encoding = otlpEncodingOf(contentType);
      const decoded = decodeLogs(body, tenant, encoding);
      return ofLogs(tenant, decoded, otlpLogsAnswer(decoded.rejected, encoding));
    },
  };
}

function ofLogs(tenant: string, { logs, records, rejected }: DecodedLogs, answer: Answer): Decoded {
  return {
    records,
    rejected: rejected.records,
    publish: async (sink) => {
      if (logs !== null) await sink.publishLogs(tenant, logs);
    },
    answer,
  };
}

/** Both protocols of metrics tell the table of series what one of them knows. */
export function metricProtocols(): { remoteWrite: Protocol; otlpMetrics: Protocol } {
  const rows = new MetricRows();
  return {
    remoteWrite: {
      errorStyle: 'text',
      isPutOffWith503: true,
      encodings: withSnappy,
      decode: ofMetrics(new RemoteWrite(), rows),
    },
    otlpMetrics: {
      errorStyle: 'otlp',
      isPutOffWith503: false,
      encodings: (given) => [given],
      decode: ofMetrics(new OtlpMetrics(), rows),
    },
  };
}

function ofMetrics(protocol: MetricsProtocol, rows: MetricRows): Protocol['decode'] {
  return (body, { tenant, contentType }) => {
    const { batch, reply } = protocol.decode(body, contentType);
    const { samples, histograms, exemplars } = batch.rejected;
    return {
      records: batch.samples.length,
      rejected: samples + histograms,
      exemplars,
      publish: async (sink) => {
        const { payloads, onDurable } = rows.plan(tenant, batch);
        await sink.publishRows(tenant, payloads);
        onDurable();
      },
      answer: reply,
    };
  };
}
