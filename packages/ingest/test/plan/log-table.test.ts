import { expect, test } from 'vitest';
import { logTableOf } from '../../src/plan/log-table.ts';

test.each([
  ['docker-json', true, 'log_chunks_docker'],
  ['docker-json', false, 'log_chunks_docker_split'],
  ['cri', false, 'log_chunks_cri'],
  ['plain', false, 'log_chunks_plain'],
  ['records', false, 'log_chunks_records'],
] as const)('%s, no split lines: %s', (format, isWhole, table) => {
  expect(logTableOf(format, isWhole)).toBe(table);
});
