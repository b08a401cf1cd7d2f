/** Each content encoding, and what is too large or none. */
import { promisify } from 'node:util';
import { deflate, deflateRaw, gzip, zstdCompress } from 'node:zlib';
import { Compressor, compressSync } from 'snappy';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { lokiProtobuf } from '../support/loki-protobuf.ts';
import { rowsOfFrames } from '../support/pushed-rows.ts';
import { startReceivers, type TestReceivers } from '../support/start-receivers.ts';

let served: TestReceivers;
beforeAll(async () => {
  served = await startReceivers({ limits: { max_body: '64KiB', max_decoded: '256KiB' } });
});
afterAll(async () => served[Symbol.asyncDispose]());

const json = Buffer.from(
  JSON.stringify({ streams: [{ stream: { a: 'b' }, values: [['1', 'json é']] }] }),
);
const protobuf = lokiProtobuf([{ labels: '{a="b"}', entries: [{ timeNs: 1n, line: 'proto é' }] }]);

async function framed(body: Buffer): Promise<Buffer> {
  const compressor = new Compressor();
  return Buffer.concat([compressor.update(body), await compressor.finish()]);
}

async function post(body: Buffer, headers: Record<string, string>): Promise<Response> {
  return fetch(`${served.url}/loki/api/v1/push`, {
    method: 'POST',
    headers,
    body: new Uint8Array(body),
  });
}

const jsonType = { 'content-type': 'application/json' };
const protobufType = { 'content-type': 'application/x-protobuf' };
type Case = readonly [name: string, headers: Record<string, string>, body: () => Promise<Buffer>];
const cases: readonly Case[] = [
  ['none', jsonType, async () => json],
  ['gzip', { ...jsonType, 'content-encoding': 'gzip' }, () => promisify(gzip)(json)],
  ['x-gzip', { ...jsonType, 'content-encoding': 'x-gzip' }, () => promisify(gzip)(json)],
  ['deflate', { ...jsonType, 'content-encoding': 'deflate' }, () => promisify(deflate)(json)],
  [
    'bare deflate',
    { ...jsonType, 'content-encoding': 'deflate' },
    () => promisify(deflateRaw)(json),
  ],
  ['zstd', { ...jsonType, 'content-encoding': 'zstd' }, () => promisify(zstdCompress)(json)],
  ['snappy', { ...jsonType, 'content-encoding': 'snappy' }, async () => compressSync(json)],
  ['framed snappy', { ...jsonType, 'content-encoding': 'snappy' }, () => framed(json)],
  ['protobuf without a header', protobufType, async () => compressSync(protobuf)],
  ['no content type', {}, async () => compressSync(protobuf)],
  [
    'protobuf, snappy',
    { ...protobufType, 'content-encoding': 'snappy' },
    async () => compressSync(protobuf),
  ],
  [
    'protobuf, snappy in gzip',
    { ...protobufType, 'content-encoding': 'gzip' },
    () => promisify(gzip)(compressSync(protobuf)),
  ],
  [
    'protobuf, zstd',
    { ...protobufType, 'content-encoding': 'zstd' },
    () => promisify(zstdCompress)(protobuf),
  ],
];

test.each(cases)('%s', async (_name, headers, body) => {
  served.publisher.published.length = 0;
  const answer = await post(await body(), headers);
  expect(await answer.text()).toBe('');
  expect(answer.status).toBe(204);
  expect(await rowsOfFrames(served.publisher.published)).toMatchObject([
    { time: '1', labels: { a: 'b' }, text: expect.stringMatching(/^(json|proto) é$/) as string },
  ]);
});

describe('is refused', () => {
  const zeros = Buffer.alloc(10 * 1024 * 1024);

  test.each<Case>([
    ['gzip', { ...jsonType, 'content-encoding': 'gzip' }, () => promisify(gzip)(zeros)],
    ['deflate', { ...jsonType, 'content-encoding': 'deflate' }, () => promisify(deflate)(zeros)],
    ['zstd', { ...jsonType, 'content-encoding': 'zstd' }, () => promisify(zstdCompress)(zeros)],
    [
      'framed snappy',
      { ...jsonType, 'content-encoding': 'snappy' },
      () => framed(zeros.subarray(0, 512 * 1024)),
    ],
    [
      'snappy',
      { ...jsonType, 'content-encoding': 'snappy' },
      async () => compressSync(zeros.subarray(0, 512 * 1024)),
    ],
  ])('more than the limit after decompression: %s', async (_name, headers, body) => {
    const answer = await post(await body(), headers);
    expect(answer.status).toBe(413);
    expect(await answer.text()).toMatch(/expected at most 262144 bytes after decompression/);
  });

  test('a snappy block that only says that it is large, without its memory', async () => {
    const before = process.memoryUsage().arrayBuffers;
    const answer = await post(Buffer.from('ffffffff0f00', 'hex'), protobufType);
    expect(answer.status).toBe(413);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * 1024 * 1024);
  });

  test('a body above the limit, announced or not', async () => {
    const large = Buffer.alloc(65_537, 'x');
    const announced = await post(large, jsonType);
    expect([announced.status, await announced.text()]).toEqual([
      413,
      'body: expected at most 65536 bytes (receivers.limits.max_body); send smaller batches\n',
    ]);
    const stream = new ReadableStream({
      start(controller) {
        for (let at = 0; at < 8; at += 1) controller.enqueue(new Uint8Array(16 * 1024));
        controller.close();
      },
    });
    const init = { method: 'POST', headers: jsonType, body: stream, duplex: 'half' };
    const chunked = await fetch(`${served.url}/loki/api/v1/push`, init as RequestInit);
    expect(chunked.status).toBe(413);
  });

  test.each(['gzip', 'deflate', 'zstd', 'snappy'])('what is no %s', async (encoding) => {
    const answer = await post(Buffer.from('certainly not'), {
      ...jsonType,
      'content-encoding': encoding,
    });
    expect([answer.status, await answer.text()]).toEqual([400, `body: expected ${encoding}\n`]);
  });

  test.each(['br', 'gzip, gzip'])('encoding %s', async (encoding) => {
    const answer = await post(json, { ...jsonType, 'content-encoding': encoding });
    expect([answer.status, await answer.text()]).toEqual([
      415,
      `Content-Encoding: expected one of identity, gzip, deflate, snappy, zstd, got "${encoding}"\n`,
    ]);
  });

  test('a content type that is none of the protocol', async () => {
    const answer = await post(json, { 'content-type': 'text/plain' });
    expect([answer.status, await answer.text()]).toEqual([
      415,
      'Content-Type: expected application/x-protobuf or application/json, got "text/plain"\n',
    ]);
  });
});

test('a chunked body is taken', async () => {
  const stream = new ReadableStream({
    start(controller) {
      controller.enqueue(new Uint8Array(json.subarray(0, 10)));
      controller.enqueue(new Uint8Array(json.subarray(10)));
      controller.close();
    },
  });
  const init = { method: 'POST', headers: jsonType, body: stream, duplex: 'half' };
  const answer = await fetch(`${served.url}/loki/api/v1/push`, init as RequestInit);
  expect(answer.status).toBe(204);
});
