/**
 * ExportMetricsServiceRequest from JSON, as OTLP/HTTP writes it: names in lowerCamelCase, 64-bit numbers
 * as text, NaN and the infinities as text. Fields that are not known are passed over.
 */
import { attributesOfJson, resourceOfJson, type Attribute } from '../otlp/attributes.ts';
import {
  jsonArray,
  jsonCount,
  jsonObject,
  jsonOptionalText,
  jsonUint64,
  parseJson,
  type JsonObject,
} from '../otlp/json-fields.ts';
import { invalidBody } from '../receiver-error.ts';
import type {
  ExponentialSide,
  MetricKind,
  NumberPoint,
  OtlpMetric,
  OtlpVisitor,
} from './points.ts';

/** @throws {ReceiverError} `invalid_body` */
export function readMetricsJson(body: Buffer, visitor: OtlpVisitor): void {
  const request = jsonObject(parseJson(body), 'body');
  for (const [resourceMetrics, path] of itemsOf(request, 'resourceMetrics', '')) {
    const resource = resourceOfJson(resourceMetrics['resource'], `${path}.resource`);
    visitor.beginResource(resource.map(wellFormed));
    for (const [scopeMetrics, scopePath] of itemsOf(resourceMetrics, 'scopeMetrics', path)) {
      for (const [metric, metricPath] of itemsOf(scopeMetrics, 'metrics', scopePath)) {
        readMetric(metric, metricPath, visitor);
      }
    }
    visitor.endResource();
  }
}

/** The objects of a list, each with its place. */
function* itemsOf(
  object: JsonObject,
  field: string,
  path: string,
): Generator<[item: JsonObject, path: string]> {
  const list = path === '' ? field : `${path}.${field}`;
  for (const [index, item] of jsonArray(object[field], list).entries()) {
    const at = `${list}[${index}]`;
    yield [jsonObject(item, at), at];
  }
}

const kinds: Readonly<Record<string, MetricKind>> = {
  gauge: 'gauge',
  sum: 'sum',
  histogram: 'histogram',
  exponentialHistogram: 'exponential',
  summary: 'summary',
};

function readMetric(json: JsonObject, path: string, visitor: OtlpVisitor): void {
  for (const [field, kind] of Object.entries(kinds)) {
    if (json[field] === undefined || json[field] === null) continue;
    const dataPath = `${path}.${field}`;
    const data = jsonObject(json[field], dataPath);
    const metric: OtlpMetric = {
      name: jsonOptionalText(json['name'], `${path}.name`).toWellFormed(),
      description: jsonOptionalText(json['description'], `${path}.description`),
      unit: jsonOptionalText(json['unit'], `${path}.unit`),
      kind,
      temporality: temporalityOf(data['aggregationTemporality']),
      isMonotonic: data['isMonotonic'] === true,
    };
    const isWanted = visitor.beginMetric(metric);
    if (!isWanted) {
      visitor.skipPoints(jsonArray(data['dataPoints'], `${dataPath}.dataPoints`).length);
      return;
    }
    for (const [point, at] of itemsOf(data, 'dataPoints', dataPath)) {
      readPoint(point, at, { kind, visitor });
    }
    return;
  }
}

/** A number; some senders write the enumeration's name. */
function temporalityOf(given: unknown): number {
  if (given === 'AGGREGATION_TEMPORALITY_CUMULATIVE') return 2;
  if (given === 'AGGREGATION_TEMPORALITY_DELTA') return 1;
  return typeof given === 'number' ? given : 0;
}

function readPoint(
  json: JsonObject,
  path: string,
  { kind, visitor }: { kind: MetricKind; visitor: OtlpVisitor },
): void {
  const point = {
    attributes: attributesOfJson(json['attributes'], `${path}.attributes`).map(wellFormed),
    timeMs: Number(jsonUint64(json['timeUnixNano'], `${path}.timeUnixNano`) / 1_000_000n),
    isStale: (jsonCount(json['flags'], `${path}.flags`) & 1) !== 0,
    exemplars: jsonArray(json['exemplars'], `${path}.exemplars`).length,
    problem: null,
  };
  switch (kind) {
    case 'gauge':
    case 'sum':
      visitor.number({ ...point, value: numberValue(json, path) } satisfies NumberPoint);
      break;
    case 'histogram':
      visitor.histogram({
        ...point,
        ...countAndSum(json, path),
        bucketCounts: numbers(json['bucketCounts'], `${path}.bucketCounts`),
        explicitBounds: numbers(json['explicitBounds'], `${path}.explicitBounds`),
      });
      break;
    case 'exponential':
      visitor.exponential({
        ...point,
        ...countAndSum(json, path),
        scale: jsonDouble(json['scale'], `${path}.scale`),
        zeroCount: jsonCount(json['zeroCount'], `${path}.zeroCount`),
        zeroThreshold: jsonDouble(json['zeroThreshold'], `${path}.zeroThreshold`),
        positive: sideOf(json['positive'], `${path}.positive`),
        negative: sideOf(json['negative'], `${path}.negative`),
      });
      break;
    case 'summary': {
      const { count, sum } = countAndSum(json, path);
      const quantiles = jsonArray(json['quantileValues'], `${path}.quantileValues`).map(
        (item, index): [number, number] => {
          const at = `${path}.quantileValues[${index}]`;
          const pair = jsonObject(item, at);
          return [
            jsonDouble(pair['quantile'], `${at}.quantile`),
            jsonDouble(pair['value'], `${at}.value`),
          ];
        },
      );
      visitor.summary({ ...point, count, sum: sum ?? 0, quantiles });
      break;
    }
  }
}

function numberValue(json: JsonObject, path: string): number {
  const { asInt, asDouble } = json;
  if (asInt !== undefined && asInt !== null) return jsonDouble(asInt, `${path}.asInt`);
  return jsonDouble(asDouble, `${path}.asDouble`);
}

function countAndSum(json: JsonObject, path: string): { count: number; sum: number | null } {
  const { sum } = json;
  return {
    count: jsonCount(json['count'], `${path}.count`),
    sum: sum === undefined || sum === null ? null : jsonDouble(sum, `${path}.sum`),
  };
}

function sideOf(json: unknown, path: string): ExponentialSide {
  if (json === undefined || json === null) return { offset: 0, counts: [] };
  const side = jsonObject(json, path);
  return {
    offset: jsonDouble(side['offset'], `${path}.offset`) | 0,
    counts: numbers(side['bucketCounts'], `${path}.bucketCounts`),
  };
}

function numbers(json: unknown, path: string): number[] {
  return jsonArray(json, path).map((item, index) => jsonDouble(item, `${path}[${index}]`));
}

/** A number, or one written as text. Absent is 0. */
function jsonDouble(value: unknown, path: string): number {
  if (value === undefined || value === null) return 0;
  if (typeof value === 'number') return value;
  if (typeof value === 'string') {
    const number = value.trim() === '' ? NaN : Number(value);
    if (!Number.isNaN(number) || value === 'NaN') return number;
  }
  throw invalidBody(`${path}: expected a number, got ${typeof value}`);
}

/** JSON may hold halves of pairs of UTF-16, which UTF-8 cannot. */
function wellFormed([name, value]: Attribute): Attribute {
  return [name.toWellFormed(), value.toWellFormed()];
}
