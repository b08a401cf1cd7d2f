/** What is sent back, in the form that each kind of client reads. */
import { guessOtlpEncoding, type OtlpEncoding } from '../otlp/content-type.ts';
import { otlpStatus, otlpSuccess } from '../otlp/messages.ts';
import type { Rejections } from '../logs/decoded-logs.ts';
import { ReceiverError } from '../receiver-error.ts';

export interface Answer {
  status: number;
  headers: Readonly<Record<string, string>>;
  body: Buffer | string;
}

/** How a route's clients want errors: text, or OTLP's Status in the encoding of the request. */
export type ErrorStyle = 'text' | 'otlp';

/** gRPC's codes, as OTLP's Status has them. */
const grpcCodes: Readonly<Record<number, number>> = {
  400: 3, // INVALID_ARGUMENT
  401: 16, // UNAUTHENTICATED
  403: 7, // PERMISSION_DENIED
  404: 12, // UNIMPLEMENTED
  405: 12,
  408: 4, // DEADLINE_EXCEEDED
  413: 3,
  415: 3,
  429: 8, // RESOURCE_EXHAUSTED
  500: 13, // INTERNAL
  503: 14, // UNAVAILABLE
};

export function errorAnswer(
  error: ReceiverError,
  { style, contentType, status }: { style: ErrorStyle; contentType?: string; status: number },
): Answer {
  const headers: Record<string, string> = {};
  if (error.retryAfterSeconds !== undefined) {
    headers['retry-after'] = String(Math.max(1, Math.ceil(error.retryAfterSeconds)));
  }
  if (error.code === 'unauthorized') headers['www-authenticate'] = 'Bearer, Basic realm="plimsoll"';
  if (style === 'text') return text(status, `${error.message}\n`, headers);
  const code = grpcCodes[status] ?? 2;
  const encoding = guessOtlpEncoding(contentType) ?? 'json';
  const { contentType: type, body } = otlpStatus({ code, message: error.message }, encoding);
  return { status, headers: { ...headers, 'content-type': type }, body };
}

/** 204, or 400 with what was left out: its clients do not repeat a 400. */
export function lokiAnswer({ records, problems }: Rejections): Answer {
  if (records === 0) return { status: 204, headers: {}, body: '' };
  const lines = problems.map((problem) => `${problem}\n`).join('');
  return text(400, `${records} of the entries were left out, the others are stored:\n${lines}`, {});
}

export function otlpLogsAnswer({ records, problems }: Rejections, encoding: OtlpEncoding): Answer {
  const { contentType, body } = otlpSuccess(
    { rejected: records, message: problems.join('; '), rejectedField: 'rejectedLogRecords' },
    encoding,
  );
  return { status: 200, headers: { 'content-type': contentType }, body };
}

function text(status: number, body: string, headers: Record<string, string>): Answer {
  return { status, headers: { ...headers, 'content-type': 'text/plain; charset=utf-8' }, body };
}
