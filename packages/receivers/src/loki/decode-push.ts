/** A Loki push, decompressed, as log records. Never throws anything but a ReceiverError. */
import { ReceiverError } from '../receiver-error.ts';
import type { DecodedLogs } from '../logs/decoded-logs.ts';
import { LogBatch } from '../logs/log-batch.ts';
import { decodePushJson } from './push-json.ts';
import { decodePushProtobuf } from './push-protobuf.ts';
import { PushEntries } from './push-entries.ts';

export type LokiEncoding = 'protobuf' | 'json';

/** Protobuf unless it says JSON. @throws {ReceiverError} `unsupported_media_type` */
export function lokiEncodingOf(contentType: string | undefined): LokiEncoding {
  const type = contentType?.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (type === 'application/json') return 'json';
  if (type === '' || type === 'application/x-protobuf' || type === 'application/protobuf') {
    return 'protobuf';
  }
  throw new ReceiverError(
    'unsupported_media_type',
    'Content-Type: expected application/x-protobuf or application/json, ' +
      `got ${JSON.stringify(type.slice(0, 100))}`,
  );
}

/** @throws {ReceiverError} `invalid_body`: nothing of the request can be taken */
export function decodePush(body: Buffer, tenant: string, encoding: LokiEncoding): DecodedLogs {
  const entries = new PushEntries(new LogBatch({ tenant, protocol: `loki-${encoding}`, body }));
  if (encoding === 'json') decodePushJson(body, entries);
  else decodePushProtobuf(body, entries);
  return entries.finish();
}
