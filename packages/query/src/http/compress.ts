import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** Below this, the headers of a compressed answer cost what it saves. */
const minBytes = 16 * 1024;
const gzipAsync = promisify(gzip);

/**
 * Large JSON answers shrink tenfold at the fastest level; a grid of thousands is asked for every
 * few seconds. Answers hold nothing that a stranger chose and a secret beside it, so their length
 * tells nothing (BREACH).
 */
export async function compressAnswer(
  request: FastifyRequest,
  reply: FastifyReply,
  payload: unknown,
): Promise<unknown> {
  if (typeof payload !== 'string' || payload.length < minBytes) return payload;
  reply.header('vary', 'accept-encoding');
  if (!/\bgzip\b/.test(request.headers['accept-encoding'] ?? '')) return payload;
  const packed = await gzipAsync(payload, { level: 1 });
  reply.header('content-encoding', 'gzip').header('content-length', packed.length);
  return packed;
}
