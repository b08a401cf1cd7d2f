import type { Severity } from '@plimsoll/model';
import type { LogEntry } from '@plimsoll/model/api';
import { encodeLineId } from './line-id.ts';
import { serviceName } from './service-name.ts';

/** What every statement that returns lines selects. 64-bit integers as text: see LinePlace. */
export const logColumns = `toString(toUnixTimestamp64Nano(time)) AS time_ns, host, container_id,
  container_name, image, compose_service, kubernetes_container, stream, severity, message,
  message_raw, file_id, toString(position) AS position_text`;

export interface LogRow {
  time_ns: string;
  host: string;
  container_id: string;
  container_name: string;
  image: string;
  compose_service: string;
  kubernetes_container: string;
  stream: string;
  severity: Severity;
  message: string;
  message_raw: string;
  file_id: string;
  position_text: string;
}

export function toEntry(row: LogRow): LogEntry {
  return {
    id: encodeLineId({ timeNs: row.time_ns, fileId: row.file_id, position: row.position_text }),
    time_ns: row.time_ns,
    time: Number(BigInt(row.time_ns) / 1_000_000n),
    host: row.host,
    container_id: row.container_id,
    container: row.container_name,
    image: row.image,
    service: serviceName(row),
    stream: row.stream,
    severity: row.severity,
    message: row.message,
    message_raw: row.message_raw === '' ? null : row.message_raw,
  };
}

/** Bytes an entry adds to an answer, near enough for a limit. */
export function entryBytes(row: LogRow): number {
  return row.message.length + row.message_raw.length + 400;
}
