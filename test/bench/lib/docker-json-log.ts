/**
 * Docker json-file logs as applications make them, for benchmarks: lines of about 190 bytes, most of
 * them structured, besides access logs, key=value lines, coloured lines, stack traces, a few errors.
 *
 * A dozen requests are under way at a time, and each writes four lines on average. Two lines of three
 * carry the random trace id of their request (16 hexadecimal digits). Users, clients and durations are
 * as uneven as they are in life: few make most of the requests, and most requests are quick; a page has
 * the same length as last time unless it has changed. Nanoseconds are random in every line. The same
 * seed makes the same file.
 */
import { closeSync, openSync, writeSync } from 'node:fs';

export interface DockerJsonLogOptions {
  path: string;
  lines: number;
  seed: number;
  /** Time of the first line, milliseconds since 1970; lines are 1 ms apart. */
  startMs?: number;
}

export interface DockerJsonLog {
  path: string;
  lines: number;
  bytes: number;
  /** A word that stands in exactly one line, in the middle of the file. */
  needle: string;
}

const blockBytes = 1024 * 1024;

export function makeDockerJsonLog(options: DockerJsonLogOptions): DockerJsonLog {
  const { path, lines, seed, startMs = Date.UTC(2026, 0, 1) } = options;
  const needle = `needle${seed}x${lines}`;
  const descriptor = openSync(path, 'w');
  try {
    const random = randomSource(seed);
    const requests = new OpenRequests(random);
    let bytes = 0;
    let block = '';
    for (let index = 0; index < lines; index += 1) {
      const extra = index === lines >> 1 ? ` ${needle}` : '';
      block += dockerJsonLine({ index, random, requests, timeMs: startMs + index, extra });
      if (block.length < blockBytes && index < lines - 1) continue;
      bytes += writeSync(descriptor, block);
      block = '';
    }
    return { path, lines, bytes, needle };
  } finally {
    closeSync(descriptor);
  }
}

interface LineOptions {
  index: number;
  random: () => number;
  requests: OpenRequests;
  timeMs: number;
  /** Put behind the message. */
  extra: string;
}

function dockerJsonLine({ index, random, requests, timeMs, extra }: LineOptions): string {
  const { message, stream } = makeMessage(random, requests.next(), index);
  const time = `${new Date(timeMs).toISOString().slice(0, -1)}${String(Math.floor(random() * 1e6)).padStart(6, '0')}Z`;
  const log = JSON.stringify(`${message}${extra}\n`);
  return `{"log":${log},"stream":"${stream}","time":"${time}"}\n`;
}

const paths = ['/api/v1/orders', '/api/v1/cart', '/healthz', '/api/v1/users/search', '/login'];
const services = ['checkout', 'payment', 'catalogue', 'shipping', 'gateway'];

interface Request {
  service: string;
  traceId: string;
  user: number;
  address: string;
  path: string;
}

/** Requests that are being handled side by side: each of their lines comes from one of them. */
class OpenRequests {
  readonly #random: () => number;
  readonly #open: Request[];

  constructor(random: () => number) {
    this.#random = random;
    this.#open = Array.from({ length: 12 }, () => this.#begin());
  }

  /** The request that writes the next line; one in four is then done. */
  next(): Request {
    const index = Math.floor(this.#random() * this.#open.length);
    const request = this.#open[index] ?? this.#begin();
    if (this.#random() < 0.25) this.#open[index] = this.#begin();
    return request;
  }

  #begin(): Request {
    const random = this.#random;
    const client = uneven(random, 20_000);
    return {
      service: pick(random, services),
      traceId: word(random) + word(random),
      user: uneven(random, 100_000),
      address: `10.${client % 7}.${client % 241}.${client % 251}`,
      path: `${pick(random, paths)}?page=${uneven(random, 50)}`,
    };
  }
}

function below(random: () => number, limit: number): number {
  return Math.floor(random() * limit);
}

/** Whole numbers below the limit, half of them below an eighth of it. */
function uneven(random: () => number, limit: number): number {
  return Math.floor(random() ** 3 * limit);
}

function pick<T>(random: () => number, list: readonly T[]): T {
  return list[below(random, list.length)] as T;
}

/** 32 random bits in hexadecimal. */
function word(random: () => number): string {
  return below(random, 2 ** 32)
    .toString(16)
    .padStart(8, '0');
}

function makeMessage(
  random: () => number,
  { service, traceId, user, address, path }: Request,
  index: number,
): { message: string; stream: 'stdout' | 'stderr' } {
  const whole = (limit: number): number => below(random, limit);
  const shape = random();
  if (shape < 0.45) {
    const level = random() < 0.03 ? 'error' : random() < 0.1 ? 'warn' : 'info';
    const fields = {
      level,
      service,
      trace_id: traceId,
      msg: level === 'error' ? 'request failed' : 'request handled',
      duration_ms: uneven(random, 900),
      user,
    };
    return { message: JSON.stringify(fields), stream: 'stdout' };
  }
  if (shape < 0.7) {
    const status = random() < 0.9 ? 200 : pick(random, [204, 304, 404, 500]);
    const bytes = random() < 0.2 ? uneven(random, 20_000) : 400 + path.length * 37;
    const agent = '"Mozilla/5.0 (X11; Linux x86_64)"';
    return {
      message: `${address} - - "GET ${path} HTTP/1.1" ${status} ${bytes} "-" ${agent}`,
      stream: 'stdout',
    };
  }
  if (shape < 0.9) {
    const level = pick(random, ['info', 'info', 'info', 'debug', 'warn']);
    return {
      message: `ts=${index} level=${level} component=${service} msg="cache refreshed" entries=${uneven(random, 5000)} took=${uneven(random, 90)}ms trace=${traceId}`,
      stream: 'stdout',
    };
  }
  if (shape < 0.97) {
    return {
      message: `\u001b[32m[INFO]\u001b[0m ${service}: consumed offset ${index} of partition ${whole(64)}, lag ${uneven(random, 1000)}`,
      stream: 'stdout',
    };
  }
  return {
    message: `\tat com.example.${service}.Handler.handle(Handler.java:${whole(900)}) [app.jar:2.${whole(60)}.0]`,
    stream: 'stderr',
  };
}

/** Uniform in [0, 1): mulberry32, the same numbers for the same seed. */
function randomSource(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
