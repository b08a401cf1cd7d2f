import type { ApiError, SqlRequest, SqlResult } from '@plimsoll/model/api';
import { codeOf, messageOf, PlimsollError } from '@plimsoll/runtime';
import { statementError } from './statement-error.ts';

export interface AskServerOptions {
  url: string;
  token: string | undefined;
  request: SqlRequest;
  signal: AbortSignal;
}

/**
 * Runs a statement in the process that answers at the address. Aborting cancels it there too.
 *
 * @throws {PlimsollError} `server_unreachable`, `statement_refused`
 */
export async function askServer(options: AskServerOptions): Promise<SqlResult> {
  const { url, token, request, signal } = options;
  const endpoint = new URL('/api/plimsoll/v1/sql', url);
  const headers: Record<string, string> = { 'content-type': 'application/json' };
  if (token !== undefined) headers['authorization'] = `Bearer ${token}`;
  let response: Response;
  try {
    response = await fetch(endpoint, {
      method: 'POST',
      headers,
      body: JSON.stringify(request),
      signal,
    });
  } catch (error) {
    signal.throwIfAborted();
    const cause = error instanceof Error ? error.cause : undefined;
    const reason = codeOf(cause) ?? messageOf(cause ?? error);
    const message = `expected a Plimsoll process at ${endpoint.origin}, got ${reason}`;
    throw new PlimsollError('server_unreachable', message, { cause: error });
  }
  const body: unknown = await response.json().catch(() => null);
  if (response.ok && isResult(body)) return body;
  if (isApiError(body)) throw statementError(request.query, body.error);
  const message = `expected an answer of Plimsoll at ${endpoint.origin}, got status ${response.status} of something else`;
  throw new PlimsollError('server_unreachable', message);
}

function isResult(body: unknown): body is SqlResult {
  return typeof body === 'object' && body !== null && 'columns' in body && 'rows' in body;
}

function isApiError(body: unknown): body is ApiError {
  if (typeof body !== 'object' || body === null || !('error' in body)) return false;
  const { error } = body;
  return typeof error === 'object' && error !== null && 'message' in error;
}
