/** The two answers of OTLP/HTTP, in the encoding of the request. */
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import type { OtlpEncoding } from './content-type.ts';

export interface OtlpBody {
  contentType: string;
  body: Buffer | string;
}

/** google.rpc.Status: `code` is one of gRPC's. */
export function otlpStatus(
  { code, message }: { code: number; message: string },
  encoding: OtlpEncoding,
): OtlpBody {
  if (encoding === 'json') return json({ code, message });
  return protobuf(
    new BinaryWriter()
      .tag(1, WireType.Varint)
      .int32(code)
      .tag(2, WireType.LengthDelimited)
      .string(message),
  );
}

/** `rejectedField` is the JSON name of field 1: `rejectedLogRecords` or `rejectedDataPoints`. */
export function otlpSuccess(
  {
    rejected,
    message,
    rejectedField,
  }: { rejected: number; message: string; rejectedField: string },
  encoding: OtlpEncoding,
): OtlpBody {
  if (rejected === 0 && message === '') {
    return encoding === 'json' ? json({}) : protobuf(new BinaryWriter());
  }
  if (encoding === 'json') {
    const partialSuccess = { [rejectedField]: String(rejected), errorMessage: message };
    return json({ partialSuccess });
  }
  const partial = new BinaryWriter();
  if (rejected > 0) partial.tag(1, WireType.Varint).int64(rejected);
  if (message !== '') partial.tag(2, WireType.LengthDelimited).string(message);
  return protobuf(new BinaryWriter().tag(1, WireType.LengthDelimited).bytes(partial.finish()));
}

function json(value: unknown): OtlpBody {
  return { contentType: 'application/json', body: JSON.stringify(value) };
}

function protobuf(writer: BinaryWriter): OtlpBody {
  return { contentType: 'application/x-protobuf', body: Buffer.from(writer.finish()) };
}
