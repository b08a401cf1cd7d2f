/**
 * The body of a request, as chunks: with a limit on how long it may pause, and decompressed where
 * its reader wants it so. Who reads slowly makes the client wait.
 */
import type { IncomingMessage } from 'node:http';
import { pipeline, type Readable } from 'node:stream';
import { ClickHouseException } from '../exception.ts';
import { contentEncoding, decompressor, type Encoding } from './encodings.ts';

export class Body {
  readonly encoding: Encoding | null;
  readonly #request: IncomingMessage;
  readonly #timeoutMs: number;

  /** @throws {ClickHouseException} UNKNOWN_COMPRESSION_METHOD */
  constructor(request: IncomingMessage, timeoutMs: number) {
    this.#request = request;
    this.#timeoutMs = timeoutMs;
    this.encoding = contentEncoding(request.headers['content-encoding']);
  }

  get contentType(): string {
    return this.#request.headers['content-type'] ?? '';
  }

  get isAbsent(): boolean {
    const { headers } = this.#request;
    return (
      headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) === 0
    );
  }

  /** Bytes as they came. */
  async *raw(): AsyncGenerator<Buffer, void, undefined> {
    yield* this.#chunks(this.#request);
    // A client that left in the middle ends the stream as one that is done.
    if (!this.#request.complete) throw incomplete();
  }

  /** @throws {ClickHouseException} CANNOT_DECOMPRESS, SOCKET_TIMEOUT, NETWORK_ERROR */
  async *plain(): AsyncGenerator<Buffer, void, undefined> {
    if (this.encoding === null) {
      yield* this.raw();
      return;
    }
    const output = decompressor(this.encoding);
    // Errors come out of the loop below.
    pipeline(this.#request, output, () => undefined);
    try {
      yield* this.#chunks(output);
    } catch (error) {
      throw error instanceof ClickHouseException ? error : undecodable(this.encoding, error);
    }
    if (!this.#request.complete) throw incomplete();
  }

  async *#chunks(stream: Readable): AsyncGenerator<Buffer, void, undefined> {
    const chunks = stream[Symbol.asyncIterator]();
    for (;;) {
      const next = await this.#withTimeout(chunks.next());
      if (next.done) return;
      yield bufferOf(next.value);
    }
  }

  /** The stream stays as it is, so that the client can still be told. */
  async #withTimeout<T>(waiting: Promise<T>): Promise<T> {
    // What counts is what arrives, not what a decompressor makes of it.
    const { socket } = this.#request;
    let seen = socket.bytesRead;
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<never>((_, reject) => {
      const check = (): void => {
        if (socket.bytesRead === seen) reject(pausedTooLong(this.#timeoutMs));
        seen = socket.bytesRead;
      };
      timer = setInterval(check, this.#timeoutMs);
    });
    try {
      return await Promise.race([waiting, patience]);
    } catch (error) {
      waiting.catch(() => undefined); // nobody waits for it any more
      throw error;
    } finally {
      clearInterval(timer);
    }
  }
}

function pausedTooLong(timeoutMs: number): ClickHouseException {
  return new ClickHouseException(
    'SOCKET_TIMEOUT',
    `Timeout exceeded while reading from socket (${timeoutMs} ms)`,
  );
}

function bufferOf(chunk: unknown): Buffer {
  if (Buffer.isBuffer(chunk)) return chunk;
  throw new TypeError('expected a body of bytes');
}

function incomplete(): ClickHouseException {
  return new ClickHouseException('CANNOT_READ_ALL_DATA', 'Unexpected end of the body', {
    status: 400,
  });
}

function undecodable(encoding: Encoding, error: unknown): ClickHouseException {
  const reason = error instanceof Error ? error.message : String(error);
  return new ClickHouseException(
    'CANNOT_DECOMPRESS',
    `Cannot decompress the body from ${encoding}: ${reason}`,
  );
}
