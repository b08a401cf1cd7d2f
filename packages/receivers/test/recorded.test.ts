/**
 * Requests in the shape in which programs make them (headers and bodies after their sources and their
 * documentation), with the rows that they must become: `testdata/recorded/<program>-<case>.json`.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { rowsOfFrames } from './support/pushed-rows.ts';
import { startReceivers, type TestReceivers } from './support/start-receivers.ts';

interface Recorded {
  path: string;
  headers: Record<string, string>;
  body: { text: string } | { base64: string };
  status: number;
  answer: string;
  rows: unknown[];
}

const folder = join(import.meta.dirname, 'testdata/recorded');
const names = readdirSync(folder).map((file) => file.replace(/\.json$/, ''));

let served: TestReceivers;
beforeAll(async () => {
  served = await startReceivers();
});
afterAll(async () => served[Symbol.asyncDispose]());

test.each(names)('%s', async (name) => {
  const recorded = JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as Recorded;
  const { path, headers, body } = recorded;
  served.publisher.published.length = 0;
  const answer = await fetch(`${served.url}${path}`, {
    method: 'POST',
    headers,
    body: 'text' in body ? body.text : new Uint8Array(Buffer.from(body.base64, 'base64')),
  });
  expect({
    status: answer.status,
    answer: Buffer.from(await answer.arrayBuffer()).toString('latin1'),
    rows: await rowsOfFrames(served.publisher.published),
  }).toEqual({ status: recorded.status, answer: recorded.answer, rows: recorded.rows });
});

test('each program has its case', () => {
  for (const program of [
    'promtail',
    'alloy',
    'vector',
    'fluent-bit',
    'otel-collector',
    'otel-js',
  ]) {
    expect(
      names.some((name) => name.startsWith(program)),
      program,
    ).toBe(true);
  }
});
