import { metricTypes, type MetricType } from '../metrics/metrics-batch.ts';

/** Both versions number the types alike: 0 says nothing, then in the order of `metricTypes`. */
export function metricTypeOf(number: number): MetricType {
  return metricTypes[number - 1] ?? '';
}
