/** A record of OTLP logs (opentelemetry-proto, logs.proto), and what of it becomes a row. */
import { byteTextOf } from '@plimsoll/model';
import { type DecodedLogs, noRejections, reject } from '../logs/decoded-logs.ts';
import { mapLabels, severityOfNumber } from '../logs/known-labels.ts';
import { labelProblem } from '../logs/label-limits.ts';
import type { LogBatch } from '../logs/log-batch.ts';
import { type PlainValue, textOf } from '../otlp/any-value.ts';
import type { Attribute, Scope } from '../otlp/attributes.ts';

export interface OtlpLogRecord {
  /** Nanoseconds since 1970; 0: not known. */
  timeNs: bigint;
  observedNs: bigint;
  severityNumber: number;
  severityText: string;
  body: PlainValue;
  attributes: Attribute[];
  droppedAttributes: number;
  flags: number;
  /** Hexadecimal; empty: none. */
  traceId: string;
  spanId: string;
  eventName: string;
}

export function emptyLogRecord(): OtlpLogRecord {
  return {
    timeNs: 0n,
    observedNs: 0n,
    severityNumber: 0,
    severityText: '',
    body: null,
    attributes: [],
    droppedAttributes: 0,
    flags: 0,
    traceId: '',
    spanId: '',
    eventName: '',
  };
}

export class OtlpEntries {
  readonly #batch: LogBatch;
  readonly #rejected = noRejections();
  #resource: readonly Attribute[] = [];
  /** Of resource and scope. */
  #shared: readonly Attribute[] = [];
  #seen = 0;

  constructor(batch: LogBatch) {
    this.#batch = batch;
  }

  beginResource(attributes: readonly Attribute[]): void {
    this.#resource = attributes;
    this.#shared = attributes;
  }

  beginScope({ name, version, attributes }: Scope): void {
    this.#shared = [
      ...this.#resource,
      ['otel.scope.name', name],
      ['otel.scope.version', version],
      ...attributes,
    ];
  }

  add(record: OtlpLogRecord): void {
    const index = this.#seen;
    this.#seen += 1;
    // The record's own word goes before what is said of all.
    const labels = [...this.#shared, ...record.attributes, ...ownLabels(record)];
    const problem = labelProblem(labels);
    if (problem !== null) {
      reject(this.#rejected, `log record ${index}: ${problem}`);
      return;
    }
    const mapped = mapLabels(labels);
    const given = severityOfNumber(record.severityNumber);
    const target = this.#batch.target(given === '' ? mapped : { ...mapped, severity: given });
    this.#batch.add(target, { timeNs: timeOf(record), text: byteTextOf(textOf(record.body)) });
  }

  finish(): DecodedLogs {
    const { records } = this.#batch;
    return {
      logs: records === 0 ? null : this.#batch.finish(),
      records,
      rejected: this.#rejected,
    };
  }
}

/** Under the names that OpenTelemetry gives them where they must be attributes. */
function* ownLabels(record: OtlpLogRecord): Generator<Attribute> {
  const { timeNs, observedNs, droppedAttributes, flags } = record;
  yield ['severity_text', record.severityText];
  if (!/^0*$/.test(record.traceId)) yield ['trace_id', record.traceId];
  if (!/^0*$/.test(record.spanId)) yield ['span_id', record.spanId];
  if (flags !== 0) yield ['trace_flags', (flags & 0xff).toString(16).padStart(2, '0')];
  yield ['event.name', record.eventName];
  if (droppedAttributes > 0) {
    yield ['otel.dropped_attributes_count', String(droppedAttributes)];
  }
  if (timeNs !== 0n && observedNs !== 0n && observedNs !== timeNs) {
    yield ['observed_timestamp', String(observedNs)];
  }
}

const maxInt64 = 2n ** 63n - 1n;

/** When it happened, else when it was seen; null: when it came here. */
function timeOf({ timeNs, observedNs }: OtlpLogRecord): bigint | null {
  const time = timeNs === 0n ? observedNs : timeNs;
  if (time === 0n) return null;
  return time > maxInt64 ? maxInt64 : time;
}
