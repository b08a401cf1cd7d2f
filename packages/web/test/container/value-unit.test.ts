import { containerStatsValues, hostStatsValues } from '@plimsoll/model';
import { describe, expect, test } from 'vitest';
import { containerCharts } from '../../src/container/container-charts.ts';
import { titleOfValue, unitOfValue } from '../../src/container/value-unit.ts';
import { hostCharts } from '../../src/hosts/host-charts.ts';

describe('the unit of a value', () => {
  test.each([
    ['memory_usage_bytes', 'bytes'],
    ['network_receive_bytes_total', 'bytes'],
    ['io_read_bytes_per_second', 'bytes_per_second'],
    ['cpu_usage_seconds_total', 'seconds'],
    ['cpu_limit_cores', 'cores'],
    ['throttled_ratio', 'ratio'],
    ['pids_current', 'count'],
  ])('%s is %s', (name, unit) => {
    expect(unitOfValue(name)).toBe(unit);
  });

  test('is not repeated in its title', () => {
    expect(titleOfValue('memory_oom_kills_total')).toBe('memory oom kills');
    expect(titleOfValue('network_receive_bytes_total')).toBe('network receive');
  });
});

/** A chart of a name that no sample has would stay empty for ever. */
describe('every line of a chart', () => {
  const rates = (names: readonly string[]): Set<string> =>
    new Set(
      names.flatMap((name) => [
        name,
        name.replace(/_total$/, '_per_second'),
        name.replace(/_seconds_total$/, '_ratio'),
        name.replace(/_seconds_total$/, '_cores'),
      ]),
    );

  test.each([
    {
      subject: 'container',
      charts: containerCharts,
      values: [...Object.keys(containerStatsValues), 'cpu_cores', 'throttled_ratio'],
    },
    { subject: 'host', charts: hostCharts, values: [...Object.keys(hostStatsValues), 'cpu_cores'] },
  ])('of a $subject names a value that is measured', ({ charts, values }) => {
    const known = rates(values);
    const names = charts.flatMap((chart) => [
      chart.limit,
      ...chart.lines.flatMap((line) => [line.name, line.minus, line.from]),
    ]);
    expect(names.filter((name) => name !== undefined && !known.has(name))).toEqual([]);
  });
});
