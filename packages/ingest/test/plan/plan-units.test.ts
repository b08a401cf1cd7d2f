import { hostLabels } from '@plimsoll/model';
import { expect, test } from 'vitest';
import type { LogChunkRow, RowsPart } from '../../src/plan/insert-unit.ts';
import { divideUnit, logUnitBytes, planUnits } from '../../src/plan/plan-units.ts';

const batch = { partition: 'direct', first: 10, last: 14 };
const chunk = (bytes: number, start: number): LogChunkRow => ({
  file: 'f',
  tenant: 'default',
  source: {
    labels: hostLabels('default', 'h'),
    format: 'plain',
    file_id: 'f',
    path: '',
    stream: '',
  },
  start,
  end: start + bytes,
  lines: 1,
  bytes,
  content: { codec: 'none', bytes: Buffer.alloc(bytes, '\n') },
  isWhole: true,
  receivedAtMs: 0,
  offset: 10,
});
const part = (table: RowsPart['table'], columns: string[], sequence: number): RowsPart => ({
  table,
  columns,
  rows: 1,
  payload: Buffer.from('[]\n'),
  offset: 10,
  identity: { collector_id: 'c', epoch: 1, sequence },
});

test('log bytes are divided into equal shares under tokens of the batch', () => {
  const size = 1024 * 1024;
  const chunks = Array.from({ length: 40 }, (_, index) => chunk(size, index * size));
  const units = planUnits(batch, chunks, []);
  expect(units.map((unit) => unit.token)).toEqual([
    'direct:10-14:log_chunks_plain:0',
    'direct:10-14:log_chunks_plain:1',
    'direct:10-14:log_chunks_plain:2',
  ]);
  for (const unit of units) {
    expect(unit.kind === 'logs' && unit.rawBytes).toBeLessThanOrEqual(logUnitBytes);
  }
  expect(units.flatMap((unit) => (unit.kind === 'logs' ? unit.chunks : []))).toEqual(chunks);
});

test('chunks of different formats go to their tables', () => {
  const docker = chunk(10, 0);
  const long = chunk(20_000, 10);
  const source = { ...docker.source, format: 'docker-json' as const };
  const units = planUnits(
    batch,
    [chunk(1, 0), { ...docker, source }, { ...long, source, isWhole: false }],
    [],
  );
  expect(units.map(({ token }) => token)).toEqual([
    'direct:10-14:log_chunks_plain:0',
    'direct:10-14:log_chunks_docker:0',
    'direct:10-14:log_chunks_docker_split:0',
  ]);
});

test('a chunk larger than a share leaves no unit empty', () => {
  const units = planUnits(batch, [chunk(30 * 1024 * 1024, 0), chunk(1, 40 * 1024 * 1024)], []);
  expect(units.every((unit) => unit.kind === 'logs' && unit.chunks.length > 0)).toBe(true);
});

test('rows go together by table and columns', () => {
  const units = planUnits(
    batch,
    [],
    [
      part('events', ['a'], 1),
      part('targets', ['a'], 2),
      part('events', ['a'], 3),
      part('events', ['a', 'b'], 4),
    ],
  );
  expect(units.map((unit) => [unit.token, unit.kind === 'rows' ? unit.parts.length : 0])).toEqual([
    ['direct:10-14:events:0', 2],
    ['direct:10-14:targets:1', 1],
    ['direct:10-14:events:2', 1],
  ]);
});

test('a divided unit has a token for each part', () => {
  const [unit] = planUnits(batch, [], [part('events', ['a'], 1), part('events', ['a'], 2)]);
  if (!unit) throw new Error('expected a unit');
  expect(divideUnit(unit).map(({ token }) => token)).toEqual([
    'direct:10-14:events:0.0',
    'direct:10-14:events:0.1',
  ]);
});

test('nothing makes no insert', () => {
  expect(planUnits(batch, [], [])).toEqual([]);
});
