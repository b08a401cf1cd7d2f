/**
 * Requests to brokers over kafkajs' connections: framing, TLS and SASL are the library's, and this
 * file and kafkajs-client.ts are where it is. Sockets are made here. A request that gets no answer
 * in time ends its connection and everything that waits on it, so a broker that is frozen or cut off
 * holds nothing up; the next request opens another. Requests of one connection are answered in
 * order, so what may wait long has a lane of its own.
 */
import { createRequire } from 'node:module';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { messageOf, type Logger } from '@plimsoll/runtime';
import kafkajs, { type SASLOptions } from 'kafkajs';
import { KafkaFailure } from './kafka-client.ts';
import { toFailure } from './kafkajs-failure.ts';
import { fixIdleTimers } from './kafkajs-idle-fix.ts';
import { WireReader } from './wire-codec.ts';
import type { BrokerAddress, WireMessage } from './wire-messages.ts';

export interface WireOptions {
  brokers: readonly string[];
  clientId: string;
  /** Asked for each connection, so that renewed certificates are used. Null: no TLS. */
  tls: () => Promise<ConnectionOptions | null>;
  sasl: SASLOptions | null;
}

/** What keeps others from waiting: a join waits for the group, a fetch for frames. */
export type Lane = 'group' | 'join' | 'fetch' | 'meta';

export interface Whom {
  node: number;
  lane: Lane;
}

/** With the exchange of versions and credentials. */
const connectTimeoutMs = 5000;

export class KafkajsWire {
  readonly #options: WireOptions;
  readonly #logger: Logger;
  readonly #nodes = new Map<number, BrokerAddress>();
  /** By address and lane; removed when they end. */
  readonly #open = new Map<string, Promise<Opened>>();
  #isClosed = false;
  /** Which of the brokers that anything may be asked was the last to answer. */
  #turn = 0;

  constructor(options: WireOptions, logger: Logger) {
    fixIdleTimers();
    this.#options = options;
    this.#logger = logger;
  }

  /** Where brokers are, as the cluster said. */
  learn(brokers: readonly BrokerAddress[]): void {
    for (const broker of brokers) this.#nodes.set(broker.node, broker);
  }

  /** @throws {KafkaFailure} */
  async ask<T>({ node, lane }: Whom, message: WireMessage<T>, timeoutMs: number): Promise<T> {
    const broker = this.#nodes.get(node);
    if (broker === undefined) {
      throw new KafkaFailure('moved', `${message.apiName}: broker ${node} is not known`);
    }
    return this.#ask(broker, lane, { message, timeoutMs });
  }

  /** Asks one broker after another until one answers. @throws {KafkaFailure} of the last */
  async askAny<T>(message: WireMessage<T>, timeoutMs: number): Promise<T> {
    const known = new Map<string, Place>();
    for (const place of [...this.#options.brokers.map(parseAddress), ...this.#nodes.values()]) {
      known.set(`${place.host}:${place.port}`, place);
    }
    const places = [...known.values()];
    let failure: unknown = new KafkaFailure('unreachable', 'no broker is known');
    for (let i = 0; i < places.length; i++) {
      const place = places[this.#turn % places.length];
      if (place === undefined || this.#isClosed) break;
      try {
        return await this.#ask(place, 'meta', { message, timeoutMs });
      } catch (error) {
        failure = error;
        this.#turn += 1;
        if (error instanceof KafkaFailure && error.kind === 'denied') break;
      }
    }
    throw failure;
  }

  /** Ends every connection at once; what waits is rejected. */
  close(): void {
    this.#isClosed = true;
    for (const opening of this.#open.values()) {
      opening.then(
        ({ end }) => end('the client was closed'),
        () => undefined,
      );
    }
    this.#open.clear();
  }

  async #ask<T>(
    place: Place,
    lane: Lane,
    { message, timeoutMs }: { message: WireMessage<T>; timeoutMs: number },
  ): Promise<T> {
    const at = `${place.host}:${place.port}`;
    try {
      const opened = await this.#connection(place, `${at} ${lane}`);
      const asked = `${message.apiName} to ${at}`;
      const answer = await within(timeoutMs, asked, {
        call: opened.connection.send(requestOf(message)),
        late: () => opened.end(`got no answer within ${timeoutMs} ms`),
      });
      return message.decode(new WireReader(answer));
    } catch (error) {
      throw named(error, at);
    }
  }

  #connection(place: Place, name: string): Promise<Opened> {
    if (this.#isClosed) {
      return Promise.reject(new KafkaFailure('unreachable', 'the client was closed'));
    }
    const known = this.#open.get(name);
    if (known !== undefined) return known;
    const forget = (): void => {
      if (this.#open.get(name) === opening) this.#open.delete(name);
    };
    const opening = this.#connect(place, forget);
    this.#open.set(name, opening);
    opening.catch(forget);
    return opening;
  }

  async #connect({ host, port }: Place, onEnd: () => void): Promise<Opened> {
    const tls = await this.#options.tls();
    const { sasl, clientId } = this.#options;
    let socket: Socket | undefined;
    const connection = new lib.Connection({
      host,
      port,
      clientId,
      sasl: sasl === null ? null : { ...sasl },
      ssl: tls === null ? null : {},
      connectionTimeout: connectTimeoutMs,
      // Deadlines are those of each request.
      requestTimeout: 2 ** 31 - 1,
      enforceRequestTimeout: false,
      logger: libraryLogger(this.#logger),
      socketFactory: ({ onConnect }) => {
        socket = openSocket({ host, port, tls }, onConnect);
        socket.once('close', onEnd);
        return socket;
      },
    });
    const end = (reason: string): void => {
      onEnd();
      socket?.destroy(new Error(`${host}:${port}: ${reason}`));
    };
    const greeting = greet(connection, sasl !== null);
    await within(connectTimeoutMs, `connect to ${host}:${port}`, {
      call: greeting,
      late: () => end('the connection took too long'),
    }).catch((error: unknown) => {
      end('the connection failed');
      throw error;
    });
    if (this.#isClosed) end('the client was closed');
    return { connection, end };
  }
}

interface Place {
  host: string;
  port: number;
}

interface Opened {
  connection: LibConnection;
  end: (reason: string) => void;
}

/** The parts of the library that are used, as it has them. */
interface LibConnection {
  connect(): Promise<unknown>;
  send(protocol: LibProtocol): Promise<Buffer>;
  setVersions(versions: unknown): void;
  setSupportAuthenticationProtocol(isSupported: boolean): void;
  authenticate(): Promise<void>;
}
interface LibProtocol {
  request: { apiKey: number; apiVersion: number; apiName: string; encode: () => Promise<unknown> };
  response: { decode: (raw: Buffer) => Promise<unknown>; parse: (decoded: unknown) => unknown };
  logResponseError?: boolean;
}
interface LibEncoder {
  writeBufferInternal(bytes: Buffer): void;
}
interface Lib {
  Connection: new (options: {
    host: string;
    port: number;
    clientId: string;
    sasl: SASLOptions | null;
    ssl: object | null;
    connectionTimeout: number;
    requestTimeout: number;
    enforceRequestTimeout: boolean;
    logger: unknown;
    socketFactory: (wanted: { onConnect: () => void }) => Socket;
  }) => LibConnection;
  Encoder: new () => LibEncoder;
  createLogger: (options: object) => unknown;
}

const load = createRequire(import.meta.url);
/** The border to a library without types for its parts. */
const lib: Lib = {
  Connection: load('kafkajs/src/network/connection') as Lib['Connection'],
  Encoder: load('kafkajs/src/protocol/encoder') as Lib['Encoder'],
  createLogger: (load('kafkajs/src/loggers') as { createLogger: Lib['createLogger'] }).createLogger,
};

/** Connects, asks for the versions that the broker speaks, and says who this is. */
async function greet(connection: LibConnection, hasSasl: boolean): Promise<void> {
  await connection.connect();
  const answer = await connection.send(
    requestOf({ apiKey: 18, apiVersion: 0, apiName: 'ApiVersions', body: Buffer.alloc(0) }),
  );
  const reader = new WireReader(answer);
  const code = reader.int16();
  if (code !== 0) throw new KafkaFailure('refused', `ApiVersions: error ${code}`);
  const versions = reader.array(() => ({
    key: reader.int16(),
    range: { minVersion: reader.int16(), maxVersion: reader.int16() },
  }));
  if (!hasSasl) return;
  connection.setVersions(Object.fromEntries(versions.map(({ key, range }) => [key, range])));
  connection.setSupportAuthenticationProtocol(versions.some(({ key }) => key === 36));
  await connection.authenticate();
}

function requestOf({
  apiKey,
  apiVersion,
  apiName,
  body,
}: Omit<WireMessage<unknown>, 'decode'>): LibProtocol {
  return {
    request: {
      apiKey,
      apiVersion,
      apiName,
      encode: () => {
        const encoder = new lib.Encoder();
        encoder.writeBufferInternal(body);
        return Promise.resolve(encoder);
      },
    },
    // As it came: decoding is ours.
    response: {
      decode: (raw) => Promise.resolve({ raw, clientSideThrottleTime: 0 }),
      parse: (decoded) => (decoded as { raw: Buffer }).raw,
    },
  };
}

function openSocket(
  { host, port, tls }: Place & { tls: ConnectionOptions | null },
  onConnect: () => void,
): Socket {
  const servername = isIP(host) === 0 ? { servername: host } : {};
  const socket =
    tls === null
      ? connectTcp({ host, port, noDelay: true }, onConnect)
      : connectTls({ host, port, ...servername, ...tls }, onConnect);
  socket.setKeepAlive(true, 60_000);
  return socket;
}

function parseAddress(address: string): Place {
  const at = address.lastIndexOf(':');
  return {
    host: address.slice(0, at).replace(/^\[|\]$/g, ''),
    port: Number(address.slice(at + 1)),
  };
}

/** What nobody can tell counts as no answer: what was asked may have been done, or be done later. */
function named(error: unknown, at: string): KafkaFailure {
  const { kind, message } = toFailure(error);
  const isKnown = error instanceof KafkaFailure || kind !== 'refused';
  const text = message.includes(at) ? message : `${at}: ${message}`;
  return new KafkaFailure(isKnown ? kind : 'unreachable', text, error);
}

async function within<T>(
  timeoutMs: number,
  asked: string,
  { call, late }: { call: Promise<T>; late: () => void },
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new KafkaFailure('unreachable', `${asked}: got no answer within ${timeoutMs} ms`));
      late();
    }, timeoutMs);
  });
  // It may still settle when nobody listens any more.
  call.catch(() => undefined);
  try {
    return await Promise.race([call, deadline]);
  } finally {
    clearTimeout(timer);
  }
}

function libraryLogger(logger: Logger): unknown {
  return lib.createLogger({
    level: kafkajs.logLevel.ERROR,
    logCreator:
      () =>
      ({ log }: { log: { message: string } }) => {
        logger.debug({ from: 'kafkajs' }, messageOf(log.message));
      },
  });
}
