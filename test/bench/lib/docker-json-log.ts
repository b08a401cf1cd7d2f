/**
 * Docker json-file logs as applications make them, for benchmarks: mostly structured lines of
 * about 200 bytes, access logs, key=value lines, coloured lines, stack traces, a few errors; two
 * lines of three carry a random trace id. The
 * same seed makes the same file.
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
    let bytes = 0;
    let block = '';
    for (let index = 0; index < lines; index += 1) {
      const extra = index === lines >> 1 ? ` ${needle}` : '';
      block += dockerJsonLine({ index, random, timeMs: startMs + index, extra });
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
  timeMs: number;
  /** Put behind the message. */
  extra: string;
}

function dockerJsonLine({ index, random, timeMs, extra }: LineOptions): string {
  const { message, stream } = makeMessage(random, index);
  const time = `${new Date(timeMs).toISOString().slice(0, -1)}${String(Math.floor(random() * 1e6)).padStart(6, '0')}Z`;
  const log = JSON.stringify(`${message}${extra}\n`);
  return `{"log":${log},"stream":"${stream}","time":"${time}"}\n`;
}

const paths = ['/api/v1/orders', '/api/v1/cart', '/healthz', '/api/v1/users/search', '/login'];
const services = ['checkout', 'payment', 'catalogue', 'shipping', 'gateway'];

function makeMessage(
  random: () => number,
  index: number,
): { message: string; stream: 'stdout' | 'stderr' } {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const whole = (below: number): number => Math.floor(random() * below);
  const word = (): string =>
    whole(2 ** 32)
      .toString(16)
      .padStart(8, '0');
  const id = word() + word();
  const shape = random();
  if (shape < 0.45) {
    const level = random() < 0.03 ? 'error' : random() < 0.1 ? 'warn' : 'info';
    const fields = {
      level,
      service: pick(services),
      trace_id: id,
      msg: level === 'error' ? 'request failed' : 'request handled',
      duration_ms: whole(900),
      user: whole(100_000),
    };
    return { message: JSON.stringify(fields), stream: 'stdout' };
  }
  if (shape < 0.7) {
    const address = `10.${whole(256)}.${whole(256)}.${whole(256)}`;
    const request = `"GET ${pick(paths)}?page=${whole(50)} HTTP/1.1"`;
    const status = pick([200, 200, 200, 200, 204, 304, 404, 500]);
    const agent = '"Mozilla/5.0 (X11; Linux x86_64)"';
    return {
      message: `${address} - - ${request} ${status} ${whole(20_000)} "-" ${agent}`,
      stream: 'stdout',
    };
  }
  if (shape < 0.9) {
    const level = pick(['info', 'info', 'info', 'debug', 'warn']);
    return {
      message: `ts=${index} level=${level} component=${pick(services)} msg="cache refreshed" entries=${whole(5000)} took=${whole(90)}ms trace=${id}`,
      stream: 'stdout',
    };
  }
  if (shape < 0.97) {
    return {
      message: `\u001b[32m[INFO]\u001b[0m ${pick(services)}: consumed offset ${index} of partition ${whole(64)}, lag ${whole(1000)}`,
      stream: 'stdout',
    };
  }
  return {
    message: `\tat com.example.${pick(services)}.Handler.handle(Handler.java:${whole(900)}) [app.jar:2.${whole(60)}.0]`,
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
