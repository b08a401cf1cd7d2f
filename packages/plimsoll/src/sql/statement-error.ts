import { PlimsollError } from '@plimsoll/runtime';

/**
 * A refused statement, with its line and a mark below the position.
 *
 * @param position UTF-16 offset from 0, where it is known
 */
export function statementError(
  statement: string,
  { message, position, cause }: { message: string; position?: number | undefined; cause?: unknown },
): PlimsollError {
  const hint = position === undefined ? null : markedLine(statement, position);
  return new PlimsollError('statement_refused', message, { hint, cause });
}

function markedLine(statement: string, position: number): string {
  const at = Math.min(Math.max(0, position), statement.length);
  const start = statement.lastIndexOf('\n', at - 1) + 1;
  const end = statement.indexOf('\n', at);
  // A long statement in one line: only what is near the mark.
  const from = Math.max(start, at - 60);
  const line = statement.slice(from, end === -1 ? undefined : end).slice(0, 100);
  const before = line.slice(0, at - from).replaceAll(/[^\t]/g, ' ');
  return `${line}\n  ${before}^`;
}
