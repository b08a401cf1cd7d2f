import type { FastifyInstance } from 'fastify';
import { codeOf, PlimsollError } from './errors/plimsoll-error.ts';

/** Opens a server's port; what hinders it becomes a coded error that says what to do. */
export async function listen(
  app: Pick<FastifyInstance, 'listen'>,
  { host, port }: { host: string; port: number },
): Promise<string> {
  try {
    return await app.listen({ host, port });
  } catch (error) {
    throw listenError(error, { host, port });
  }
}

export function listenError(
  error: unknown,
  { host, port }: { host: string; port: number },
): unknown {
  const code = codeOf(error);
  const address = `${host}:${port}`;
  if (code === 'EADDRINUSE') {
    const message = `expected to listen on ${address}, but another process does`;
    return new PlimsollError('port_in_use', message, { cause: error });
  }
  if (
    code === 'EADDRNOTAVAIL' ||
    code === 'EACCES' ||
    code === 'ENOTFOUND' ||
    code === 'EAI_AGAIN'
  ) {
    const message = `expected to listen on ${address}, got ${code}`;
    return new PlimsollError('address_unavailable', message, { cause: error });
  }
  return error;
}
