import { expect, test } from 'vitest';
import type { LogChunkRow, RowsPart } from '../../src/plan/insert-unit.ts';
import { halveUnit, planUnits, unitBytes } from '../../src/plan/plan-units.ts';
import { chunkRow, rowsPart } from '../support/chunk-rows.ts';

const batch = { partition: 'direct', first: 10, last: 14 };
const chunk = (bytes: number, start: number): LogChunkRow =>
  chunkRow({ start, bytes, content: { codec: 'none', bytes: Buffer.alloc(bytes, '\n') } });
const part = (table: RowsPart['table'], columns: string[], sequence: number): RowsPart =>
  rowsPart({ table, columns, start: sequence });

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
    expect(unit.kind === 'logs' && unit.rawBytes).toBeLessThanOrEqual(unitBytes);
  }
  expect(units.flatMap((unit) => (unit.kind === 'logs' ? unit.parts : []))).toEqual(chunks);
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
  expect(units.every((unit) => unit.kind === 'logs' && unit.parts.length > 0)).toBe(true);
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
    ['direct:10-14:events:0.0', 2],
    ['direct:10-14:targets:1.0', 1],
    ['direct:10-14:events:2.0', 1],
  ]);
});

test('many small chunks, and many rows, are divided by number as well', () => {
  const chunks = Array.from({ length: 40_000 }, (_, index) => chunk(1, index));
  expect(planUnits(batch, chunks, []).map(({ parts }) => parts.length)).toEqual([20_000, 20_000]);
  const parts = Array.from({ length: 60 }, (_, index) =>
    rowsPart({ start: index, rows: 10_000, payload: Buffer.alloc(20_000, '\n') }),
  );
  const units = planUnits(batch, [], parts);
  expect(units.map(({ token }) => token)).toEqual([
    'direct:10-14:events:0.0',
    'direct:10-14:events:0.1',
    'direct:10-14:events:0.2',
  ]);
  for (const unit of units) {
    const rows = unit.kind === 'rows' ? unit.parts.map((each) => each.rows) : [];
    expect(rows.reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(262_144);
  }
});

test('halves of a unit have tokens of their own and hold all of it; one part has no halves', () => {
  const [unit] = planUnits(
    batch,
    [],
    [1, 2, 3].map((sequence) => part('events', ['a'], sequence)),
  );
  if (!unit) throw new Error('expected a unit');
  const halves = halveUnit(unit);
  expect(halves.map(({ token, parts }) => [token, parts.map(({ start }) => start)])).toEqual([
    ['direct:10-14:events:0.0/0', [1, 2]],
    ['direct:10-14:events:0.0/1', [3]],
  ]);
  expect(halves.flatMap(halveUnit).map(({ token }) => token)).toEqual([
    'direct:10-14:events:0.0/0/0',
    'direct:10-14:events:0.0/0/1',
  ]);
});

test('nothing makes no insert', () => {
  expect(planUnits(batch, [], [])).toEqual([]);
});
