import type { RawProgress } from '@plimsoll/storage';

export interface Summary extends RawProgress {
  resultRows: number;
  resultBytes: number;
  elapsedNs: number;
}

/** `X-ClickHouse-Summary` and `X-ClickHouse-Progress`: numbers as text. */
export function summaryText(summary: Summary): string {
  return JSON.stringify({
    read_rows: String(summary.readRows),
    read_bytes: String(summary.readBytes),
    written_rows: String(summary.writtenRows),
    written_bytes: String(summary.writtenBytes),
    total_rows_to_read: String(summary.totalRows),
    result_rows: String(summary.resultRows),
    result_bytes: String(summary.resultBytes),
    elapsed_ns: String(Math.round(summary.elapsedNs)),
    memory_usage: String(summary.peakMemoryBytes),
  });
}
