/** Who may ask: the token, and the two checks that keep other sites' scripts out of a browser's reach. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { isLoopback } from '@plimsoll/runtime';
import { QueryError } from './api-error.ts';

/**
 * DNS rebinding: a page of another site may point its own name at 127.0.0.1 and then read
 * answers as its own origin. Its requests still carry that name, so a loopback listener answers
 * loopback names alone. Other listeners need a token, which such a page does not have.
 *
 * @throws {QueryError} `forbidden_host`
 */
export function checkHost(headers: IncomingHttpHeaders, listenHost: string): void {
  if (!isLoopback(listenHost)) return;
  const name = hostName(headers.host ?? '');
  if (name !== null && isLoopback(name)) return;
  throw new QueryError(
    'forbidden_host',
    `Host: expected a loopback name such as localhost, got ${JSON.stringify(headers.host ?? '')}; ` +
      'to serve other names set http.host and http.token',
  );
}

/**
 * A script of another site can send simple requests, though never read the answers; they would
 * still cost work. Browsers say so in `Sec-Fetch-Site`.
 *
 * @throws {QueryError} `forbidden_origin`
 */
export function checkOrigin(headers: IncomingHttpHeaders): void {
  if (headers['sec-fetch-site'] !== 'cross-site' || headers['sec-fetch-mode'] === 'navigate')
    return;
  throw new QueryError('forbidden_origin', 'requests by scripts of other sites are not answered');
}

/** @throws {QueryError} `unauthorized` */
export function checkToken(headers: IncomingHttpHeaders, token: string | undefined): void {
  if (token === undefined) return;
  const given = /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1];
  if (given !== undefined && equalInConstantTime(given, token)) return;
  throw new QueryError(
    'unauthorized',
    given === undefined
      ? 'expected the header Authorization: Bearer <token>, where token is http.token of the configuration'
      : 'the token is not http.token of the configuration',
  );
}

/** Over digests, so that not even the length shows in the time taken. */
function equalInConstantTime(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

/** `[::1]:4270` → `::1`; null when it is no host header. */
function hostName(header: string): string | null {
  const match = /^(?:\[([0-9a-f:.]+)\]|([^:[\]/@\s]+))(?::\d{1,5})?$/i.exec(header);
  return (match?.[1] ?? match?.[2])?.toLowerCase() ?? null;
}
