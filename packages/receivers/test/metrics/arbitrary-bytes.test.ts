/** Whatever the bytes are: an answer or the one error that decoders throw, and soon. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { OtlpMetrics } from '../../src/otlp-metrics/otlp-metrics.ts';
import { ReceiverError } from '../../src/receiver-error.ts';
import { RemoteWrite } from '../../src/remote-write/remote-write.ts';
import { MetricRows } from '../../src/metrics/metric-rows.ts';
import { recordedRequest } from '../support/decoded-metrics.ts';
import { requestV2 } from '../support/remote-write-protobuf.ts';

const nowMs = 1_795_455_650_000;
const v1 = 'application/x-protobuf';
const v2 = 'application/x-protobuf;proto=io.prometheus.write.v2.Request';
const histogram = { count: 3, sum: 1, schema: 2, timeMs: nowMs, zeroCount: 1 };
const examples: [contentType: string, protocol: 'remote-write' | 'otlp', body: Buffer][] = [
  [v1, 'remote-write', recordedRequest('remote-write', 'samples').body],
  [v1, 'remote-write', recordedRequest('remote-write', 'native-histogram-and-exemplar').body],
  [
    v2,
    'remote-write',
    requestV2([
      { labels: [['__name__', 'a']], samples: [[nowMs, 1]], metadata: { type: 1, help: 'h' } },
      {
        labels: [['__name__', 'b']],
        histograms: [{ ...histogram, positiveSpans: [[-3, 2]], positive: [1, 1] }],
      },
    ]),
  ],
  [
    'application/x-protobuf',
    'otlp',
    recordedRequest('otlp-metrics', 'opentelemetry-js-protobuf-gzip').body,
  ],
  ['application/json', 'otlp', recordedRequest('otlp-metrics', 'opentelemetry-js-json').body],
];

/** What was thrown; null: it was decoded, and what came of it is good. */
function outcomeOf(protocol: 'remote-write' | 'otlp', body: Buffer, contentType: string): unknown {
  const now = (): number => nowMs;
  const decoder = protocol === 'otlp' ? new OtlpMetrics({ now }) : new RemoteWrite({ now });
  try {
    const { batch } = decoder.decode(body, contentType);
    for (const { rows, payload } of new MetricRows().plan('t', batch).payloads) {
      const lines = payload.toString().trimEnd().split('\n');
      if (lines.length !== rows) return `expected ${rows} rows, got ${lines.length}`;
      for (const line of lines) if (!Array.isArray(JSON.parse(line))) return line;
    }
    return null;
  } catch (error) {
    return error instanceof ReceiverError ? null : error;
  }
}

test.each(examples)('random bytes as %s of %s', (contentType, protocol) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      expect(outcomeOf(protocol, Buffer.from(bytes), contentType)).toBe(null);
    }),
    { numRuns: 500 },
  );
});

test.each(examples)('altered and cut requests as %s of %s', (contentType, protocol, body) => {
  const edit = fc.record({
    at: fc.nat({ max: body.length - 1 }),
    byte: fc.nat({ max: 255 }),
    end: fc.option(fc.nat({ max: body.length }), { freq: 4 }),
  });
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
      let altered = Buffer.from(body);
      for (const { at, byte, end } of edits) {
        if (at < altered.length) altered[at] = byte;
        if (end !== null) altered = altered.subarray(0, end);
      }
      expect(outcomeOf(protocol, altered, contentType)).toBe(null);
    }),
    { numRuns: 500 },
  );
});

test('a field that says it is longer than the body is refused, with the place', () => {
  const decoder = new RemoteWrite({ now: () => nowMs });
  expect(() => decoder.decode(Buffer.from([0x0a, 0x7f, 0x0a]), v1)).toThrow(/at byte 2/);
});
