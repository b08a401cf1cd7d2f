/** How OTLP says things over HTTP (opentelemetry.io/docs/specs/otlp, section OTLP/HTTP). */
import { ReceiverError } from '../receiver-error.ts';

export type OtlpEncoding = 'protobuf' | 'json';

/** @throws {ReceiverError} `unsupported_media_type` */
export function otlpEncodingOf(contentType: string | undefined): OtlpEncoding {
  const encoding = guessOtlpEncoding(contentType);
  if (encoding !== null) return encoding;
  throw new ReceiverError(
    'unsupported_media_type',
    'Content-Type: expected application/x-protobuf or application/json, ' +
      `got ${JSON.stringify((contentType ?? '').slice(0, 100))}`,
  );
}

/** Null for anything else. */
export function guessOtlpEncoding(contentType: string | undefined): OtlpEncoding | null {
  const type = contentType?.split(';', 1)[0]?.trim().toLowerCase();
  if (type === 'application/x-protobuf' || type === 'application/protobuf') return 'protobuf';
  return type === 'application/json' ? 'json' : null;
}
