import type { ApiError } from '@plimsoll/model/api';

/** Every code an error body of the native API may carry, and its HTTP status. */
export const errorStatus = {
  unknown_parameter: 400,
  invalid_parameter: 400,
  invalid_body: 400,
  invalid_regex: 400,
  invalid_sql: 400,
  unauthorized: 401,
  forbidden_host: 403,
  forbidden_origin: 403,
  not_found: 404,
  method_not_allowed: 405,
  body_too_large: 413,
  result_too_large: 413,
  unsupported_media_type: 415,
  too_many_requests: 429,
  memory_limit: 422,
  cancelled: 499,
  internal: 500,
  storage_unavailable: 503,
  timeout: 504,
} as const;

export type ErrorCode = keyof typeof errorStatus;

/** An expected failure of a request: what was expected, what came, what to do. */
export class QueryError extends Error {
  override readonly name = 'QueryError';
  readonly code: ErrorCode;
  /** Zero-based character in the text the user wrote, where that is known. */
  readonly position: number | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    options: { position?: number | undefined; retryAfterSeconds?: number; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.code = code;
    this.position = options.position;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }

  get status(): number {
    return errorStatus[this.code];
  }

  toBody(): ApiError {
    return {
      error: {
        code: this.code,
        message: this.message,
        position: this.position,
        retry_after_seconds: this.retryAfterSeconds,
      },
    };
  }
}
