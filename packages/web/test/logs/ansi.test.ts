import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseAnsi } from '../../src/logs/ansi.ts';

const esc = '\u001b';

describe('terminal colours', () => {
  test('become spans with classes', () => {
    expect(parseAnsi(`a${esc}[1;31mred${esc}[0m b`)).toEqual([
      { text: 'a', classes: '', colour: null, background: null },
      { text: 'red', classes: 'b f1', colour: null, background: null },
      { text: ' b', classes: '', colour: null, background: null },
    ]);
  });

  test.each([
    ['[38;5;196m', '255, 0, 0'],
    ['[38;5;244m', '128, 128, 128'],
    ['[38;2;12;300;7m', '12, 255, 7'],
  ])('beyond the sixteen are numbers only: %s', (code, colour) => {
    expect(parseAnsi(`${esc}${code}x`)[0]?.colour).toBe(colour);
  });

  test('bright and background ones have their own classes', () => {
    expect(parseAnsi(`${esc}[92;44mx`)[0]?.classes).toBe('f10 g4');
  });

  test('end where they are told to', () => {
    const classes = parseAnsi(`${esc}[1;4;33ma${esc}[22mb${esc}[39mc`).map((span) => span.classes);
    expect(classes).toEqual(['b u f3', 'u f3', 'u']);
  });

  test('leave out titles, links and cursor movements', () => {
    expect(
      parseAnsi(`${esc}]0;title\u0007a${esc}[2Kb${esc}]8;;http://x${esc}\\c`).map(
        (span) => span.text,
      ),
    ).toEqual(['a', 'b', 'c']);
  });

  test('never hide text and never make markup, whatever comes', () => {
    const part = fc.oneof(
      fc.string(),
      fc.constantFrom(`${esc}[31m`, `${esc}[38;5;`, `${esc}[`, `${esc}]x`, '<b>'),
    );
    fc.assert(
      fc.property(fc.array(part), (parts) => {
        for (const span of parseAnsi(parts.join(''))) {
          expect(span.classes).toMatch(/^([bdius]|[fg]\d+|\s)*$/);
          expect(span.colour ?? '0, 0, 0').toMatch(/^\d+, \d+, \d+$/);
        }
        expect(
          parseAnsi(parts.filter((text) => !text.includes(esc)).join(''))
            .map((span) => span.text)
            .join(''),
        ).toBe(parts.filter((text) => !text.includes(esc)).join(''));
      }),
    );
  });
});
