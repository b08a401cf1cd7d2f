/**
 * The answer to a statement. Its first bytes are held: an error that comes before they are sent has
 * a status and a header of its own, and what was read is known by then. An error that comes later
 * ends the body with the exception, and the connection is cut, so that no client takes the result
 * for complete.
 *
 *   ⏎ (CR LF) __exception__ CR LF tag CR LF message LF length SPACE tag CR LF __exception__ CR LF
 */
import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { finished } from 'node:stream';
import type { Transform, Writable } from 'node:stream';
import { BlockCompressor } from '../native-compression/block-compressor.ts';
import type { ClickHouseException } from '../exception.ts';
import { compressor, type Encoding } from '../request/encodings.ts';

export interface ResponseOptions {
  /** Bytes to hold before the first is sent. */
  holdBytes: number;
  encoding: Encoding | null;
  compressionLevel: number;
  /** Blocks of ClickHouse's own compression. */
  nativeBlocks: boolean;
  /** Longest that the client may pause to take what is there. */
  sendTimeoutMs: number;
  isHead: boolean;
}

export class ResponseBody {
  readonly #response: ServerResponse;
  readonly #options: ResponseOptions;
  readonly #tag = randomBytes(8).toString('hex');
  #held: Buffer[] = [];
  #heldBytes = 0;
  #output: Writable | null = null;
  #transform: Transform | null = null;
  #isDone = false;
  #beforeEnd: (() => void)[] = [];
  bytes = 0;

  constructor(response: ServerResponse, options: ResponseOptions) {
    this.#response = response;
    this.#options = options;
  }

  get areHeadersSent(): boolean {
    return this.#output !== null;
  }

  setHeader(name: string, value: string | string[]): void {
    if (!this.areHeadersSent) this.#response.setHeader(name, value);
  }

  /** Called once, before the client can know of the end. */
  beforeEnd(call: () => void): void {
    this.#beforeEnd.push(call);
  }

  /** Resolves when more may be written; rejects when the client has left or takes too long. */
  async write(chunk: Buffer, beforeHeaders: () => void): Promise<void> {
    this.bytes += chunk.length;
    if (!this.#output) {
      this.#held.push(chunk);
      this.#heldBytes += chunk.length;
      if (this.#heldBytes < this.#options.holdBytes) return;
      beforeHeaders();
      await this.#send(this.#start());
      return;
    }
    await this.#send([chunk]);
  }

  async end(beforeHeaders: () => void): Promise<void> {
    this.#runBeforeEnd();
    if (!this.#output) {
      beforeHeaders();
      await this.#send(this.#start());
    }
    this.#isDone = true;
    const output = this.#output;
    if (!output) return;
    const sent = this.#whenSent();
    output.end();
    await sent;
  }

  /** Answers with the error, or ends what was begun so that it cannot pass for complete. */
  async fail(error: ClickHouseException, version: string): Promise<void> {
    this.#runBeforeEnd();
    if (this.#isDone || this.#response.destroyed) {
      this.#response.destroy();
      return;
    }
    if (!this.#output) {
      this.#answerError(error, version);
      await this.#whenSent();
      return;
    }
    const message = error.text(version);
    const length = Buffer.byteLength(message) + 1;
    const marker = `\r\n__exception__\r\n${this.#tag}\r\n${message}\n${length} ${this.#tag}\r\n__exception__\r\n`;
    try {
      await this.#send([Buffer.from(marker)]);
      await this.#flush();
    } finally {
      this.#response.socket?.destroySoon();
    }
  }

  destroy(): void {
    this.#transform?.destroy();
    this.#response.destroy();
  }

  #runBeforeEnd(): void {
    for (const call of this.#beforeEnd.splice(0)) call();
  }

  #answerError(error: ClickHouseException, version: string): void {
    const response = this.#response;
    this.#held = [];
    this.#isDone = true;
    response.statusCode = error.status;
    response.setHeader('X-ClickHouse-Exception-Code', String(error.code));
    response.setHeader('Content-Type', 'text/plain; charset=UTF-8');
    response.removeHeader('Content-Encoding');
    if (error.status === 401) {
      response.setHeader('WWW-Authenticate', 'Basic realm="ClickHouse server HTTP API"');
    }
    // What is left of the body is not read.
    if (!response.req.complete) response.setHeader('Connection', 'close');
    response.end(`${error.text(version)}\n`);
  }

  /** Headers go out with the first bytes. */
  #start(): Buffer[] {
    const { encoding, compressionLevel, nativeBlocks, isHead } = this.#options;
    const held = this.#held;
    this.#held = [];
    this.setHeader('X-ClickHouse-Exception-Tag', this.#tag);
    this.#output = this.#response;
    if (isHead) return [];
    if (encoding && this.#heldBytes > 0) this.#transform = compressor(encoding, compressionLevel);
    else if (nativeBlocks) this.#transform = new BlockCompressor();
    if (!this.#transform) return held;
    if (encoding) this.#response.setHeader('Content-Encoding', encoding);
    this.#transform.on('error', () => this.#response.destroy());
    this.#transform.pipe(this.#response);
    this.#output = this.#transform;
    return held;
  }

  async #send(chunks: readonly Buffer[]): Promise<void> {
    const output = this.#output;
    if (!output) return;
    let mayGoOn = true;
    for (const chunk of chunks) mayGoOn = output.write(chunk);
    if (!mayGoOn) await this.#untilDrained(output);
  }

  async #untilDrained(output: Writable): Promise<void> {
    await this.#whileTaken((resolve, reject) => {
      const leave = finished(this.#response, { readable: false }, () => reject(new ClientLeft()));
      output.once('drain', () => {
        leave();
        resolve();
      });
    });
  }

  async #whenSent(): Promise<void> {
    await this.#whileTaken((resolve, reject) => {
      finished(this.#response, { readable: false }, (error) =>
        error ? reject(new ClientLeft()) : resolve(),
      );
    });
  }

  async #flush(): Promise<void> {
    const transform = this.#transform;
    if (!transform) return;
    // The end of the compressed stream, but not of the response.
    transform.unpipe(this.#response);
    transform.end();
    for await (const chunk of transform) this.#response.write(chunk);
  }

  /** Gives a client up that takes nothing for as long as it may. */
  async #whileTaken(
    wait: (resolve: () => void, reject: (error: Error) => void) => void,
  ): Promise<void> {
    const { socket } = this.#response;
    let taken = -1;
    let timer: NodeJS.Timeout | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        timer = setInterval(() => {
          const now = (socket?.bytesWritten ?? 0) - (socket?.writableLength ?? 0);
          if (now === taken) {
            reject(new ClientLeft());
            this.destroy();
          }
          taken = now;
        }, this.#options.sendTimeoutMs / 2);
        wait(resolve, reject);
      });
    } finally {
      clearInterval(timer);
    }
  }
}

/** There is nobody to answer any more. */
export class ClientLeft extends Error {
  override readonly name = 'ClientLeft';
  constructor() {
    super('the client has left or took its result too slowly');
  }
}
