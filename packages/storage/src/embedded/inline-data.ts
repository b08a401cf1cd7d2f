/**
 * The embedded engine takes the data of an INSERT behind the statement, in one text, and takes a
 * blank line for the data's end: **what follows it is run as SQL**, with every right. So no data with
 * a blank line may reach it, whoever made the data.
 */
import type { InsertRequest } from '../engine.ts';
import { StorageError } from '../storage-error.ts';

const newline = 10;

/**
 * The request's data, free of blank lines. In JSON lines a blank line carries nothing and is left
 * out; in CSV and TSV it may be part of a value, so the data is refused.
 *
 * @throws {StorageError} `bad_data`
 */
export function withoutBlankLines(
  request: Pick<InsertRequest, 'format' | 'data' | 'table'>,
): Buffer {
  const { data, format, table } = request;
  if (data[0] !== newline && data.indexOf('\n\n') < 0) return data;
  if (format === 'CSV' || format === 'TabSeparated') {
    throw new StorageError(
      'bad_data',
      `${table}: expected ${format} without a blank line, got one`,
    );
  }
  const text = data
    .toString('latin1')
    .replace(/\n{2,}/g, '\n')
    .replace(/^\n/, '');
  return Buffer.from(text, 'latin1');
}
