/** One attempt at one request, and what its outcome means for the next. */
import { sign } from './signature.ts';

export interface WebhookTarget {
  url: string;
  secret?: string | undefined;
  timeoutMs: number;
}

export type SendOutcome =
  | { kind: 'delivered' }
  /** Worth another try, not before `retryAfterMs` where the receiver said so. */
  | { kind: 'failed'; error: string; retryAfterMs: number | null }
  /** No further try can mend it. */
  | { kind: 'refused'; error: string };

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** Answers that say "later", though their number says that the request was wrong. */
const retriableClientErrors = new Set([408, 423, 425, 429]);
const maxRetryAfterMs = 3_600_000;

export async function send(
  target: WebhookTarget,
  request: { id: string; body: string; nowMs: number },
  { fetch, signal }: { fetch: Fetch; signal: AbortSignal },
): Promise<SendOutcome> {
  const timeout = AbortSignal.timeout(target.timeoutMs);
  try {
    const response = await fetch(target.url, {
      method: 'POST',
      headers: headersOf(target, request),
      body: request.body,
      // A redirect would carry the signed body to where the configuration does not say.
      redirect: 'manual',
      signal: AbortSignal.any([signal, timeout]),
    });
    // The answer's body is of no interest; leaving it unread would hold the connection.
    await response.body?.cancel();
    return outcomeOf(response, request.nowMs);
  } catch (error) {
    signal.throwIfAborted();
    const reason = timeout.aborted
      ? `expected an answer within ${target.timeoutMs} ms, got none`
      : `expected a connection, got ${causeOf(error)}`;
    return { kind: 'failed', error: reason, retryAfterMs: null };
  }
}

function headersOf(
  target: WebhookTarget,
  request: { id: string; body: string; nowMs: number },
): Record<string, string> {
  const timestamp = Math.floor(request.nowMs / 1000);
  return {
    'content-type': 'application/json',
    'user-agent': 'plimsoll-alerting/1',
    'x-plimsoll-delivery': request.id,
    'x-plimsoll-timestamp': String(timestamp),
    ...(target.secret === undefined
      ? {}
      : { 'x-plimsoll-signature': sign(target.secret, timestamp, request.body) }),
  };
}

function outcomeOf(response: Response, nowMs: number): SendOutcome {
  const { status } = response;
  if (status >= 200 && status < 300) return { kind: 'delivered' };
  const error = `expected a status of 200 to 299, got ${status}`;
  if (status >= 300 && status < 400) {
    return {
      kind: 'refused',
      error: `${error}; redirects are not followed: configure the final address`,
    };
  }
  if (status < 500 && !retriableClientErrors.has(status)) return { kind: 'refused', error };
  return { kind: 'failed', error, retryAfterMs: retryAfter(response, nowMs) };
}

/** Retry-After: seconds or a date (RFC 9110 §10.2.3). */
function retryAfter(response: Response, nowMs: number): number | null {
  const text = response.headers.get('retry-after');
  if (text === null) return null;
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - nowMs;
  return Number.isFinite(ms) ? Math.min(maxRetryAfterMs, Math.max(0, ms)) : null;
}

/** The system's reason lies one level down in what fetch throws. */
function causeOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  if (cause instanceof Error) return 'code' in cause ? String(cause.code) : cause.message;
  return String(cause);
}
