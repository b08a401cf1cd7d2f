import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SseParser } from '../../src/api/sse-parser.ts';

describe('server-sent events', () => {
  test('are the same however the bytes are cut', () => {
    const text = ': hello\r\n\r\ndata: {"a":1}\n\ndata:x\ndata: y\nevent: z\n\n';
    fc.assert(
      fc.property(fc.array(fc.nat({ max: text.length }), { maxLength: 8 }), (cuts) => {
        const parser = new SseParser();
        const places = [0, ...cuts.toSorted((a, b) => a - b), text.length];
        const events = places
          .slice(1)
          .flatMap((end, index) => parser.push(text.slice(places[index], end)));
        expect(events).toEqual(['{"a":1}', 'x\ny']);
      }),
    );
  });

  test('that are too long are dropped and counted, and the next one is read', () => {
    const parser = new SseParser(100);
    expect(parser.push(`data: ${'x'.repeat(500)}\n\n`)).toEqual([]);
    expect(parser.push('data: ok\n\n')).toEqual(['ok']);
    expect(parser.overlong).toBe(1);
  });

  test('without an end do not fill the memory', () => {
    const parser = new SseParser(100);
    for (let index = 0; index < 50; index += 1) parser.push('y'.repeat(50));
    expect(parser.push('\n\ndata: ok\n\n')).toEqual(['ok']);
  });
});
