import type { FastifyReply } from 'fastify';
import type { TailSink } from './tail-client.ts';

/** Takes over the socket for server-sent events; headers set so far are kept. */
export function startEventStream(reply: FastifyReply): TailSink {
  const response = reply.raw;
  for (const [name, value] of Object.entries(reply.getHeaders())) {
    if (value !== undefined) response.setHeader(name, value);
  }
  reply.hijack();
  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    // A proxy that buffers would hold lines back.
    'cache-control': 'no-cache, no-transform',
    'x-accel-buffering': 'no',
  });
  response.write('retry: 2000\n\n');
  return response;
}
