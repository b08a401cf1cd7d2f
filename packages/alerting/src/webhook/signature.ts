/**
 * Signature of a webhook request: `sha256=<hex HMAC-SHA256(secret, "<timestamp>.<body>")>`, the
 * timestamp being that of the header X-Plimsoll-Timestamp in seconds since 1970. Because the time
 * is signed too, a receiver that refuses old timestamps cannot be sent a recorded request again.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';

export function sign(secret: string, timestampSeconds: number, body: string): string {
  const hmac = createHmac('sha256', secret).update(`${timestampSeconds}.${body}`);
  return `sha256=${hmac.digest('hex')}`;
}

export interface SignedRequest {
  timestamp: string;
  signature: string;
  body: string;
}

/** What a receiver does; `maxAgeSeconds` bounds both how old and how far ahead the time may be. */
export function verify(
  secret: string,
  request: SignedRequest,
  { nowMs, maxAgeSeconds }: { nowMs: number; maxAgeSeconds: number },
): boolean {
  const timestamp = Number(request.timestamp);
  if (!Number.isInteger(timestamp)) return false;
  if (Math.abs(nowMs / 1000 - timestamp) > maxAgeSeconds) return false;
  const expected = Buffer.from(sign(secret, timestamp, request.body));
  const given = Buffer.from(request.signature);
  return expected.length === given.length && timingSafeEqual(expected, given);
}
