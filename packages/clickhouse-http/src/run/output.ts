/** What a response says about its result. */
import type { RawProgress, RawResult, RawWritten } from '@plimsoll/storage';
import type { Format } from '../catalogue.ts';
import { ClickHouseException } from '../exception.ts';
import type { QueryContext } from '../query-context.ts';
import { summaryText, type Summary } from '../response/summary.ts';
import type { Judged } from '../statement/judge.ts';

/** Kept of a long statement's progress. */
const maxProgressHeaders = 100;

export interface Output {
  /** Call before the headers are sent. */
  beforeHeaders: () => void;
  /** What is known at the end. */
  finish: (result: Partial<RawResult & RawWritten>) => void;
}

/** @throws {ClickHouseException} UNKNOWN_FORMAT */
export function outputFormat({ service, request }: QueryContext, { format }: Judged): Format {
  const name = format ?? request.defaultFormat ?? 'TabSeparated';
  const found = service.catalogue.formats.get(name.toLowerCase());
  if (!found) throw new ClickHouseException('UNKNOWN_FORMAT', `Unknown format ${name}`);
  if (found.isOutput) return found;
  throw new ClickHouseException('UNKNOWN_FORMAT', `Format ${name} is not suitable for output`, {
    code: 399,
  });
}

/** @param format of the result; null for a statement without one */
export function announce(context: QueryContext, format: Format | null): Output {
  const { response, query, request } = context;
  if (format) {
    response.setHeader('X-ClickHouse-Format', format.name);
    response.setHeader('Content-Type', format.contentType);
  } else {
    response.setHeader('Content-Type', 'text/plain; charset=UTF-8');
  }
  const lines: string[] = [];
  if (request.http.sendsProgress) collectProgress(context, lines);
  let final: Partial<RawResult & RawWritten> = {};
  return {
    beforeHeaders: () => {
      response.setHeader('X-ClickHouse-Summary', summaryText(summaryOf(query, final)));
      if (lines.length > 0) response.setHeader('X-ClickHouse-Progress', lines);
    },
    finish: (result) => {
      final = result;
    },
  };
}

function collectProgress({ query, request }: QueryContext, lines: string[]): void {
  let lastMs = performance.now();
  query.onProgress = (progress) => {
    const now = performance.now();
    if (now - lastMs < request.http.progressIntervalMs) return;
    lastMs = now;
    if (lines.length < maxProgressHeaders) lines.push(summaryText(summaryOf(query, progress)));
  };
}

interface Measured {
  startedMs: number;
  progress: RawProgress;
}

/** A statement that ended before it was looked at has read what it gave, at least. */
function summaryOf(
  { startedMs, progress }: Measured,
  final: Partial<RawResult & RawWritten>,
): Summary {
  const { resultRows = 0, resultBytes = 0, writtenRows, writtenBytes } = final;
  const isUnseen = progress.readRows === 0;
  return {
    ...progress,
    readRows: isUnseen ? (writtenRows ?? resultRows) : progress.readRows,
    readBytes: isUnseen ? (writtenBytes ?? resultBytes) : progress.readBytes,
    writtenRows: writtenRows ?? progress.writtenRows,
    writtenBytes: writtenBytes ?? progress.writtenBytes,
    resultRows: writtenRows ?? resultRows,
    resultBytes: writtenBytes ?? resultBytes,
    elapsedNs: (performance.now() - startedMs) * 1e6,
  };
}
