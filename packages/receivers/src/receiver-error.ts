/** Why a push is refused, and the HTTP status that says so. A closed list. */
export const receiverErrorStatus = {
  /** The body is not what its content type says, or a series, stream or record of it cannot be taken. */
  invalid_body: 400,
  /** The body does not decompress. */
  invalid_encoding: 400,
  unauthorized: 401,
  forbidden_tenant: 403,
  /** A browser on behalf of another site. */
  forbidden_origin: 403,
  not_found: 404,
  method_not_allowed: 405,
  /** The body did not arrive in time. */
  slow_body: 408,
  body_too_large: 413,
  unsupported_media_type: 415,
  unsupported_encoding: 415,
  /** Above the limit that the configuration gives the token or the tenant. */
  rate_limited: 429,
  /** No room for more bytes under way. */
  overloaded: 429,
  /** The client hung up; nobody reads the answer. */
  closed: 499,
  internal: 500,
  /** The transport took it not, or not in time: it may become durable all the same. */
  unavailable: 503,
  stopping: 503,
} as const;
export type ReceiverErrorCode = keyof typeof receiverErrorStatus;

/**
 * An expected failure of a push: what was expected, what came, what to do. Messages name series and
 * streams; never the content of a line.
 */
export class ReceiverError extends Error {
  override readonly name = 'ReceiverError';
  readonly code: ReceiverErrorCode;
  readonly retryAfterSeconds: number | undefined;

  constructor(
    code: ReceiverErrorCode,
    message: string,
    options: { retryAfterSeconds?: number; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.code = code;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }

  get status(): number {
    return receiverErrorStatus[this.code];
  }
}

/** The one thing that decoders throw, whatever the bytes are. */
export function invalidBody(message: string): ReceiverError {
  return new ReceiverError('invalid_body', message);
}
