/** Bodies of a megabyte that are nothing but empty elements: each is counted before it costs anything. */
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { expect, test } from 'vitest';
import { OtlpMetrics } from '../../src/otlp-metrics/otlp-metrics.ts';
import { RemoteWrite } from '../../src/remote-write/remote-write.ts';

const protobuf = 'application/x-protobuf';
const v2 = 'application/x-protobuf;proto=io.prometheus.write.v2.Request';
const mebibyte = 1024 * 1024;

function within(fields: number[], content: Buffer): Buffer {
  return fields.reduceRight<Buffer>(
    (inner, field) =>
      Buffer.from(new BinaryWriter().tag(field, WireType.LengthDelimited).bytes(inner).finish()),
    content,
  );
}
const many = (...element: number[]): Buffer => Buffer.alloc(mebibyte, Buffer.from(element));
const name = Buffer.from([0x0a, 1, 0x61]);
const gaugeOf = (content: Buffer): Buffer =>
  within([1, 2, 2], Buffer.concat([name, within([5], content)]));

const limits = { maxSeries: 1000, maxSamples: 1000, maxSymbols: 1000, maxFamilies: 1000 };
const remoteWrite = new RemoteWrite({ limits });
const otlp = new OtlpMetrics({ limits });

test.each<[string, RemoteWrite | OtlpMetrics, string, Buffer, string]>([
  ['series of 1.0', remoteWrite, protobuf, many(0x0a, 0), 'series'],
  ['samples of 1.0', remoteWrite, protobuf, within([1], many(0x12, 0)), 'samples'],
  ['histograms of 1.0', remoteWrite, protobuf, within([1], many(0x22, 0)), 'samples'],
  [
    'metadata of 1.0',
    remoteWrite,
    protobuf,
    many(0x1a, 6, 0x12, 4, 0x61, 0x61, 0x61, 0x61),
    'metrics',
  ],
  ['symbols of 2.0', remoteWrite, v2, many(0x22, 0), 'symbols'],
  ['series of 2.0', remoteWrite, v2, many(0x2a, 0), 'series'],
  ['resources of OTLP', otlp, protobuf, many(0x0a, 0), 'series'],
  ['metrics of OTLP', otlp, protobuf, within([1, 2], many(0x12, 2, 0x2a, 0)), 'series'],
  ['points of OTLP', otlp, protobuf, gaugeOf(many(0x0a, 0)), 'samples'],
])('%s: the request is refused', (...row) => {
  const [, protocol, contentType, body, what] = row;
  expect(() => protocol.decode(body, contentType)).toThrow(
    new RegExp(`^expected at most 1000 ${what}.* in one request, got more`),
  );
});

test('labels in many places: no more is read than shows that there are too many', () => {
  const body = within([1], Buffer.concat([many(0x0a, 0, 0x28, 0), Buffer.from([0x12, 0])]));
  expect(remoteWrite.decode(body, protobuf).reply.body).toContain(
    'expected at most 100 labels, got 101',
  );
});

test('an attribute of a megabyte is not read', () => {
  const time = Buffer.alloc(9);
  time[0] = 0x19;
  time.writeBigUInt64LE(BigInt(Date.now()) * 1_000_000n, 1);
  const attribute = within([7, 2, 5], many(0x0a, 0));
  const point = within([1], Buffer.concat([time, attribute]));
  const { reply } = otlp.decode(gaugeOf(point), protobuf);
  expect(reply.status).toBe(400);
  expect(reply.body.toString()).toMatch(
    /expected attributes of at most 20480 bytes, got 1048\d{3}/,
  );
});

test('a resource of megabytes is refused', () => {
  const body = within([1, 1], Buffer.concat([many(0x0a, 0), many(0x0a, 0)]));
  expect(() => otlp.decode(body, protobuf)).toThrow('resource: expected at most 2048000 bytes');
});
