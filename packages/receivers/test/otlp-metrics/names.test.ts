import { expect, test } from 'vitest';
import { boundText, labelNameOf, metricNameOf, unitNameOf } from '../../src/otlp-metrics/names.ts';

test.each([
  ['http.server.duration', 's', 'histogram', false, 'http_server_duration_seconds'],
  ['http.server.requests', '{request}', 'sum', true, 'http_server_requests_total'],
  ['requests.total.count', '', 'sum', true, 'requests_count_total'],
  ['queue.length', '1', 'sum', false, 'queue_length'],
  ['cpu.utilization', '1', 'gauge', false, 'cpu_utilization_ratio'],
  ['io', 'By', 'sum', true, 'io_bytes_total'],
  ['io.bytes', 'By', 'sum', true, 'io_bytes_total'],
  ['speed', 'km/h', 'gauge', false, 'speed_km_per_hour'],
  ['rate', 'By/s', 'gauge', false, 'rate_bytes_per_second'],
  ['rate', '{packet}/s', 'gauge', false, 'rate_per_second'],
  ['temperature', 'Cel', 'gauge', false, 'temperature_celsius'],
  ['usage', '%', 'gauge', false, 'usage_percent'],
  ['2xx.responses', '', 'sum', true, '_2xx_responses_total'],
  ['a..b__c', '', 'gauge', false, 'a_b_c'],
  ['job:rate', '', 'gauge', false, 'job:rate'],
  ['größe', 'µs', 'gauge', false, 'gr_e_s'],
  ['', 's', 'gauge', false, ''],
  ['ü', '', 'gauge', false, ''],
] as const)('%s in %s (%s, monotonic: %s) is %s', (...row) => {
  const [name, unit, kind, isMonotonic, expected] = row;
  expect(metricNameOf({ name, unit, kind, isMonotonic })).toBe(expected);
});

test.each([
  ['By', 'bytes'],
  ['By/s', 'bytes_per_second'],
  ['{request}', ''],
  ['{request}/s', 'per_second'],
  ['1', ''],
  ['', ''],
])('the unit %s is %s', (unit, expected) => {
  expect(unitNameOf(unit)).toBe(expected);
});

test.each([
  ['http.method', 'http_method'],
  ['a..b', 'a__b'],
  ['1st', 'key_1st'],
  ['_hidden', 'key_hidden'],
  ['__name__', '__name__'],
  ['é', ''],
  ['', ''],
])('the attribute %s is the label %s', (attribute, expected) => {
  expect(labelNameOf(attribute)).toBe(expected);
});

test.each([
  [1, '1'],
  [0.5, '0.5'],
  [1e-7, '0.0000001'],
  [-2.5e-8, '-0.000000025'],
  [1e21, '1000000000000000000000'],
  [1.5e22, '15000000000000000000000'],
])('the bound %d is %s', (bound, expected) => {
  expect(boundText(bound)).toBe(expected);
});
