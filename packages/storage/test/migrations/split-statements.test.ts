import { expect, test } from 'vitest';
import { splitStatements } from '../../src/migrations/split-statements.ts';

test.each([
  ['two statements', 'SELECT 1;\nSELECT 2;', ['SELECT 1', 'SELECT 2']],
  ['the last without a semicolon', 'SELECT 1; SELECT 2', ['SELECT 1', 'SELECT 2']],
  ['semicolons in strings', "SELECT ';', 'it''s;', '\\';';", ["SELECT ';', 'it''s;', '\\';'"]],
  ['semicolons in names', 'SELECT `a;b`;', ['SELECT `a;b`']],
  ['semicolons in comments', '-- a; b\nSELECT /* ; */ 1;', ['-- a; b\nSELECT /* ; */ 1']],
  ['quotes in comments', "-- it's\nSELECT 1; SELECT 2;", ["-- it's\nSELECT 1", 'SELECT 2']],
  ['nothing but comments', '-- a\n/* b */ ;', []],
  ['nothing', '', []],
])('%s', (_name, text, statements) => {
  expect(splitStatements(text)).toEqual(statements);
});
