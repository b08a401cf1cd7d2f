import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from '@plimsoll/runtime';
import { toQueryError } from '../storage-error.ts';
import { QueryError, type ErrorCode } from './api-error.ts';

/** fastify's own refusals, in our words. */
const fastifyCodes: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'body_too_large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported_media_type',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'invalid_body',
  FST_ERR_CTP_INVALID_JSON_BODY: 'invalid_body',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'invalid_body',
  FST_ERR_BAD_URL: 'invalid_parameter',
};

/** Every failure becomes an ApiError body; what is our fault is logged, once, here. */
export function sendError(
  error: unknown,
  { request, reply }: { request: FastifyRequest; reply: FastifyReply },
  logger: Logger,
): FastifyReply {
  const failure = fromFastify(error) ?? toQueryError(error);
  if (failure.status >= 500) {
    logger.error(
      { err: failure.cause ?? failure, route: request.routeOptions.url, code: failure.code },
      'a request failed',
    );
  }
  if (failure.code === 'unauthorized') reply.header('www-authenticate', 'Bearer');
  if (failure.retryAfterSeconds !== undefined) {
    reply.header('retry-after', String(Math.ceil(failure.retryAfterSeconds)));
  }
  return reply
    .code(failure.status)
    .type('application/json; charset=utf-8')
    .send(JSON.stringify(failure.toBody()));
}

function fromFastify(error: unknown): QueryError | null {
  if (!(error instanceof Error) || !('code' in error)) return null;
  const known = fastifyCodes[String(error.code)];
  if (known) return new QueryError(known, error.message.slice(0, 300), { cause: error });
  if (error instanceof SyntaxError && 'statusCode' in error && error.statusCode === 400) {
    return new QueryError('invalid_body', 'expected a JSON body', { cause: error });
  }
  return null;
}
