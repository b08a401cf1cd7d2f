import { expect, test } from 'vitest';
import { statementError } from '../../src/sql/statement-error.ts';

test('marks the position below its line', () => {
  const statement = 'SELECT 1\nFORM logs\nLIMIT 1';
  const error = statementError(statement, { message: 'Syntax error', position: 9 });
  expect(error).toMatchObject({ code: 'statement_refused', hint: 'FORM logs\n  ^' });
});

test('shows only what is near the position of a long line', () => {
  const statement = `SELECT ${'1, '.repeat(200)} nonsense`;
  const { hint } = statementError(statement, { message: 'no', position: statement.length - 8 });
  expect(hint).toMatch(/nonsense\n +\^$/);
  expect(hint?.split('\n')[0]?.length).toBeLessThanOrEqual(100);
});

test.each([-5, 0, 8, 9999])('takes any position (%i)', (position) => {
  expect(statementError('SELECT 1', { message: 'no', position }).hint).toMatch(/^SELECT 1\n +\^$/);
});

test('without a position there is only the message', () => {
  expect(statementError('SELECT 1', { message: 'no' }).hint).toBeNull();
});
