/** An export of OTLP logs, decompressed, as log records. Never throws anything but a ReceiverError. */
import type { DecodedLogs } from '../logs/decoded-logs.ts';
import { LogBatch } from '../logs/log-batch.ts';
import type { OtlpEncoding } from '../otlp/content-type.ts';
import { OtlpEntries } from './log-record.ts';
import { decodeLogsJson } from './logs-json.ts';
import { decodeLogsProtobuf } from './logs-protobuf.ts';

/** @throws {ReceiverError} `invalid_body`: nothing of the request can be taken */
export function decodeLogs(body: Buffer, tenant: string, encoding: OtlpEncoding): DecodedLogs {
  const entries = new OtlpEntries(new LogBatch({ tenant, protocol: `otlp-${encoding}`, body }));
  if (encoding === 'json') decodeLogsJson(body, entries);
  else decodeLogsProtobuf(body, entries);
  return entries.finish();
}
