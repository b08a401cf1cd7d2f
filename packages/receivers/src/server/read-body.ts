import type { IncomingMessage } from 'node:http';
import { ReceiverError } from '../receiver-error.ts';

export interface ReadBodyOptions {
  maxBytes: number;
  timeoutMs: number;
  /** Asked before bytes are kept, as they come; throws when there is no room for them. */
  reserve: (bytes: number) => void;
}

/**
 * A request's body as it came, whole.
 *
 * @throws {ReceiverError} `body_too_large`, `slow_body`, `closed`, and what `reserve` throws. The rest
 *   of the body is then not read.
 */
export async function readBody(
  request: IncomingMessage,
  { maxBytes, timeoutMs, reserve }: ReadBodyOptions,
): Promise<Buffer> {
  const announced = Number(request.headers['content-length'] ?? 0);
  if (announced > maxBytes) throw tooLarge(maxBytes);
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    let length = 0;
    const finish = (settle: () => void): void => {
      clearTimeout(timer);
      request.off('data', onData).off('end', onEnd).off('close', onClose).off('error', onClose);
      settle();
    };
    const fail = (error: Error): void => {
      finish(() => {
        request.pause();
        reject(error);
      });
    };
    const timer = setTimeout(() => {
      const message = `body: expected all of it within ${timeoutMs} ms (receivers.limits.read_timeout), got ${length} bytes`;
      fail(new ReceiverError('slow_body', message));
    }, timeoutMs);
    const onData = (part: Buffer): void => {
      length += part.length;
      if (length > maxBytes) {
        fail(tooLarge(maxBytes));
        return;
      }
      try {
        reserve(part.length);
      } catch (error) {
        fail(error instanceof Error ? error : new Error(String(error)));
        return;
      }
      parts.push(part);
    };
    const onEnd = (): void => {
      finish(() => {
        const [first] = parts;
        resolve(parts.length === 1 && first ? first : Buffer.concat(parts, length));
      });
    };
    const onClose = (): void => {
      fail(new ReceiverError('closed', 'the client closed the connection before its body ended'));
    };
    request.on('data', onData).on('end', onEnd).on('close', onClose).on('error', onClose);
  });
}

function tooLarge(maxBytes: number): ReceiverError {
  return new ReceiverError(
    'body_too_large',
    `body: expected at most ${maxBytes} bytes (receivers.limits.max_body); send smaller batches`,
  );
}
