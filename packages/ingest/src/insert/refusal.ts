import type { StorageError } from '@plimsoll/storage';
import { rawBytesOf } from '../plan/cut-pieces.ts';
import type { InsertUnit } from '../plan/insert-unit.ts';

/**
 * Errors of the engine's text parsers: CANNOT_PARSE_TEXT, _ESCAPE_SEQUENCE, _QUOTED_STRING,
 * _INPUT_ASSERTION_FAILED, _DATE, _DATETIME, _NUMBER, INCORRECT_DATA, CANNOT_READ_ARRAY_FROM_TEXT.
 */
const parserErrors = new Set([6, 25, 26, 27, 38, 41, 72, 117, 130]);

/**
 * Whether it is the data that the engine refused, beyond doubt. Other refusals could come from a body
 * cut short on its way, or a schema in the middle of a change: those are asked about again.
 *
 * @param unit of one part
 */
export async function isCertain(unit: InsertUnit, error: StorageError): Promise<boolean> {
  if (unit.kind === 'rows') {
    // The parser names the row that it stopped at.
    return parserErrors.has(error.clickhouseCode ?? -1) && /\brow \d+/.test(error.message);
  }
  const [chunk] = unit.parts;
  if (!chunk) return true;
  return rawBytesOf(chunk).then(
    () => false,
    () => true,
  );
}

/** UNKNOWN, doubled and computed columns: ClickHouse's 16, 15 and 44. */
const columnErrors = /No such column|specified more than once|because it is (?:MATERIALIZED|ALIAS)/;

/**
 * Whether the columns that a frame names are what the engine refuses. They are those of the whole
 * insert, so that to divide it would change nothing.
 */
export function isAboutColumns({ clickhouseCode, message }: StorageError): boolean {
  return [15, 16, 44].includes(clickhouseCode ?? -1) && columnErrors.test(message);
}
