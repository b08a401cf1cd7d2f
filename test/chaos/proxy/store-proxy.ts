/**
 * The way of one client to the store, over HTTP, which can be made to answer as a store in trouble
 * does. Codes and texts are those of ClickHouse.
 *
 *     error_500       an error of no known kind          too_many_parts  252, try later
 *     unavailable     503 of a proxy                     read_only       164 and 242
 *     answer_lost     the request is carried out, its answer never comes
 *     stall           the body is read by halves and no more; nothing is carried out
 *     garbage         what is no HTTP; of a read, the first half of its answer
 */
import {
  Agent,
  createServer,
  request as sendRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { StoreFault, StoreFront } from '../pipeline.ts';

export interface StoreProxyOptions {
  name: string;
  port: number;
  target: number;
}

type Badly = (request: IncomingMessage, response: ServerResponse) => void;

export class StoreProxy implements StoreFront {
  readonly name: string;
  readonly #options: StoreProxyOptions;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 64 });
  readonly #held = new Set<ServerResponse>();
  #server: Server | null = null;
  #fault: StoreFault | null = null;
  #effects = 0;

  constructor(options: StoreProxyOptions) {
    this.name = options.name;
    this.#options = options;
  }

  async start(): Promise<void> {
    const server = createServer({ maxHeaderSize: 1024 * 1024 }, (request, response) => {
      this.#answer(request, response);
    });
    server.keepAliveTimeout = 60_000;
    server.requestTimeout = 0;
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.#options.port, '127.0.0.1', resolve);
    });
  }

  async stop(): Promise<void> {
    this.behave();
    const server = this.#server;
    this.#server = null;
    this.#agent.destroy();
    server?.closeAllConnections();
    if (server) await new Promise((resolve) => server.close(resolve));
  }

  misbehave(fault: StoreFault): void {
    this.#fault = fault;
    this.#effects = 0;
  }

  behave(): number {
    this.#fault = null;
    for (const response of this.#held) response.destroy();
    this.#held.clear();
    return this.#effects;
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    response.on('error', () => undefined);
    request.on('error', () => undefined);
    if (this.#fault === null) this.#forward(request, response, (answer) => relay(answer, response));
    else this.#ways[this.#fault](request, response);
  }

  readonly #ways: Readonly<Record<StoreFault, Badly>> = {
    error_500: (_, response) => {
      this.#refuse(response, 1002, 'Unknown exception. (UNKNOWN_EXCEPTION)');
    },
    too_many_parts: (_, response) => {
      this.#refuse(
        response,
        252,
        'Too many parts (3001) in table. Merges are processing significantly slower than inserts. (TOO_MANY_PARTS)',
      );
    },
    unavailable: (_, response) => {
      this.#effects += 1;
      response.writeHead(503, { 'content-type': 'text/html', connection: 'close' });
      response.end('<html><h1>503 Service Unavailable</h1></html>\n');
    },
    read_only: (_, response) => {
      const isTable = Math.random() < 0.5;
      if (isTable) this.#refuse(response, 242, 'Table is in readonly mode. (TABLE_IS_READ_ONLY)');
      else this.#refuse(response, 164, 'Cannot execute query in readonly mode. (READONLY)');
    },
    answer_lost: (request, response) => {
      this.#held.add(response);
      this.#forward(request, response, (answer) => {
        this.#effects += 1;
        answer.resume();
      });
    },
    stall: (request, response) => {
      this.#effects += 1;
      this.#held.add(response);
      request.once('data', () => request.pause());
    },
    garbage: (request, response) => {
      this.#effects += 1;
      if (isWrite(request)) {
        response.socket?.end('\u0000\u0001 this is no answer \r\n\r\n');
        return;
      }
      this.#forward(request, response, (answer) => {
        answer.once('data', (data: Buffer) => {
          response.writeHead(answer.statusCode ?? 200, { 'content-length': data.length + 1 });
          response.write(data.subarray(0, data.length / 2), () => response.destroy());
          answer.destroy();
        });
        answer.once('end', () => response.destroy());
      });
    },
  };

  #refuse(response: ServerResponse, code: number, text: string): void {
    this.#effects += 1;
    response.writeHead(500, { 'X-ClickHouse-Exception-Code': String(code), connection: 'close' });
    response.end(`Code: ${code}. DB::Exception: ${text} (version 26.7.2.1)\n`);
  }

  #forward(
    request: IncomingMessage,
    response: ServerResponse,
    onAnswer: (answer: IncomingMessage) => void,
  ): void {
    const { method, url, headers } = request;
    const { target: port } = this.#options;
    const onward = sendRequest(
      { host: '127.0.0.1', port, method, path: url, headers, agent: this.#agent },
      (answer) => {
        answer.on('error', () => response.destroy());
        onAnswer(answer);
      },
    );
    onward.on('error', () => response.destroy());
    // A client that goes away cancels what it asked for, unless its answer is to be lost.
    response.once('close', () => {
      if (!response.writableFinished && !this.#held.has(response)) onward.destroy();
    });
    request.pipe(onward);
  }
}

function relay(answer: IncomingMessage, response: ServerResponse): void {
  response.writeHead(answer.statusCode ?? 502, answer.headers);
  answer.pipe(response);
}

function isWrite({ url = '' }: IncomingMessage): boolean {
  const { searchParams } = new URL(url, 'http://store');
  return /INSERT|CREATE|ALTER/i.test(searchParams.get('query') ?? 'INSERT');
}
