import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { joinBy, makeProcessor, processAll, recordsOf, told } from './process-all.ts';

interface WrittenLine {
  stream: 'stdout' | 'stderr';
  text: string;
  /** Ends with a line feed: the line is complete. */
  isEnd: boolean;
}

const time = '2026-01-15T09:00:00.5Z';
const writers = {
  'docker-json': ({ stream, text, isEnd }: WrittenLine) =>
    `${JSON.stringify({ log: isEnd ? `${text}\n` : text, stream, time })}\n`,
  cri: ({ stream, text, isEnd }: WrittenLine) => `${time} ${stream} ${isEnd ? 'F' : 'P'} ${text}\n`,
} as const;

const anyText = fc.oneof(
  fc.constantFrom(
    'BEGIN one',
    '  at frame',
    '\tat frame',
    'plain',
    '',
    'é ü',
    'a\u0001\u0002b',
    '"quoted\\"',
  ),
  fc.string({ maxLength: 12, unit: 'binary' }).map((text) => text.replaceAll(/[\r\n]/g, '_')),
);
const lines = fc.array(
  fc.record({
    stream: fc.constantFrom<WrittenLine['stream'][]>('stdout', 'stderr'),
    text: anyText,
    isEnd: fc.integer({ min: 0, max: 4 }).map((dice) => dice > 0),
  }),
  { maxLength: 60 },
);

interface Rule {
  starts: ((text: string) => boolean) | null;
  continues: ((text: string) => boolean) | null;
  maxLines: number;
}

/** One line after the other, each stream by itself, as the specification says it. */
function reference(
  written: readonly WrittenLine[],
  ends: readonly number[],
  rule: Rule | null,
): string[] {
  const records: { stream: string; position: number; texts: string[] }[] = [];
  const open = new Map<string, { record: (typeof records)[number]; isPart: boolean }>();
  for (const [index, { stream, text, isEnd }] of written.entries()) {
    const position = ends[index - 1] ?? 0;
    const before = open.get(stream);
    let record = before?.record;
    if (before?.isPart) {
      before.record.texts.push((before.record.texts.pop() ?? '') + text);
    } else {
      const goesOn =
        rule !== null &&
        record !== undefined &&
        record.texts.length < rule.maxLines &&
        !rule.starts?.(text) &&
        (rule.continues?.(text) ?? true);
      if (goesOn) record?.texts.push(text);
      else {
        record = { stream, position, texts: [text] };
        records.push(record);
      }
    }
    if (record) open.set(stream, { record, isPart: !isEnd });
  }
  return records.map(
    ({ stream, position, texts }) =>
      `${stream} ${position}: ${Buffer.from(texts.join('\n')).toString('latin1')}`,
  );
}

const rules = {
  nothing: null,
  start: {
    join: joinBy({ start: '^BEGIN' }),
    starts: (text: string) => text.startsWith('BEGIN'),
    continues: null,
    maxLines: 500,
  },
  continue: {
    join: joinBy({ goesOn: '^[\\t ]' }),
    starts: null,
    continues: (text: string) => /^[\t ]/.test(text),
    maxLines: 500,
  },
  both: {
    join: joinBy({ start: '^BEGIN', goesOn: 'a' }),
    starts: (text: string) => text.startsWith('BEGIN'),
    continues: (text: string) => text.includes('a'),
    maxLines: 500,
  },
  'at most three lines': {
    join: joinBy({ start: '^BEGIN' }, { maxLines: 3 }),
    starts: (text: string) => text.startsWith('BEGIN'),
    continues: null,
    maxLines: 3,
  },
};

for (const format of ['docker-json', 'cri'] as const) {
  for (const [name, rule] of Object.entries(rules)) {
    test(`${format}, ${name}: records are the same however the file grows`, () => {
      fc.assert(
        fc.property(lines, fc.array(fc.nat(), { maxLength: 12 }), (written, sizes) => {
          const raw = written.map((line) => Buffer.from(writers[format](line)));
          const ends: number[] = [];
          for (const line of raw) ends.push((ends.at(-1) ?? 0) + line.length);
          const processor = makeProcessor({ format, join: rule?.join ?? null });
          const chunks = processAll(processor, Buffer.concat(raw), sizes);
          expect(told(recordsOf(chunks))).toEqual(reference(written, ends, rule));
          expect(chunks.reduce((sum, chunk) => sum + chunk.lines, 0)).toBe(written.length);
          // A cut goes through no record.
          const inChunks = chunks.every(({ start, end, payload }) =>
            recordsOf([{ start, end, payload, lines: 0 }]).every(
              ({ position, linePositions }) =>
                position >= start && [position, ...linePositions].every((at) => at < end),
            ),
          );
          expect(inChunks).toBe(true);
        }),
        { numRuns: 150 },
      );
    });
  }
}

const line = (text: string, stream: WrittenLine['stream'] = 'stdout'): string =>
  writers['docker-json']({ stream, text, isEnd: true });

test('a record names where each of its lines begins', () => {
  const content = [
    line('BEGIN'),
    line('other', 'stderr'),
    line(' two'),
    line(' three'),
    line('BEGIN'),
  ];
  const starts = content.map((_, index) => content.slice(0, index).join('').length);
  const processor = makeProcessor({ join: joinBy({ start: '^BEGIN' }) });
  const [first] = recordsOf(processAll(processor, Buffer.from(content.join(''))));
  expect(first).toMatchObject({
    time,
    stream: 'stdout',
    position: 0,
    linePositions: [starts[2], starts[3]],
  });
  expect(first?.text.toString()).toBe('BEGIN\n two\n three');
});

test('a record that may go on waits, until its time is up', () => {
  const processor = makeProcessor({ join: joinBy({ start: '^BEGIN' }) });
  const block = Buffer.from(line('BEGIN') + line(' two'));
  const context = { start: 1000, isFinal: false, releases: false, nowMs: 0 };
  expect(processor.process(block, context)).toMatchObject({
    bytes: 0,
    isWaiting: true,
    waitsFrom: 1000 + block.length,
  });
  const released = processor.process(block, { ...context, releases: true });
  expect(released).toMatchObject({ bytes: block.length, lines: 2, records: 1, isWaiting: false });
});

test('the oldest record is released alone; what began later goes on waiting', () => {
  const processor = makeProcessor({ join: joinBy({ start: '^BEGIN' }) });
  const old = line('BEGIN', 'stderr');
  const block = Buffer.from(old + line('BEGIN') + line(' two'));
  const released = processor.process(block, { start: 0, isFinal: false, releases: true, nowMs: 0 });
  expect(released).toMatchObject({ bytes: old.length, records: 1 });
});

test('a record ends at its limit of bytes, counted in the file', () => {
  const content = Array.from({ length: 100 }, () => line('x'.repeat(100))).join('');
  const length = line('x'.repeat(100)).length;
  const processor = makeProcessor({
    join: joinBy({ start: '^BEGIN' }, { maxBytes: 10 * length }),
  });
  const records = recordsOf(processAll(processor, Buffer.from(content)));
  expect(records.map(({ linePositions }) => linePositions.length)).toEqual(Array(10).fill(9));
});

test('records that chain through the other stream for a whole block are cut all the same', () => {
  const text = 'x'.repeat(300);
  const content = Array.from({ length: 8000 }, (_, index) =>
    line(index % 4 < 2 ? ` ${text}` : `BEGIN ${text}`, index % 2 ? 'stderr' : 'stdout'),
  );
  const all = Buffer.from(content.join(''));
  const records = recordsOf(processAll(makeProcessor({ join: joinBy({ start: '^BEGIN' }) }), all));
  const linesTold = records.reduce((sum, { linePositions }) => sum + 1 + linePositions.length, 0);
  expect(linesTold).toBe(8000);
});

test('a line longer than a block is taken in pieces, and nothing of it is lost', () => {
  for (const format of ['plain', 'docker-json', 'cri'] as const) {
    const content = Buffer.from(`${'y'.repeat(2_500_000)}\nnext\n`);
    const records = recordsOf(processAll(makeProcessor({ format }), content, [7, 1_200_000]));
    expect(records.map(({ text }) => text.toString()).join('')).toBe(
      `${'y'.repeat(2_500_000)}next`,
    );
  }
});

test('many short lines are taken in several goes', () => {
  const content = Buffer.alloc(200_000, '\n');
  const chunks = processAll(makeProcessor({ format: 'plain' }), content);
  expect(chunks.length).toBeGreaterThan(1);
  expect(recordsOf(chunks).map(({ position }) => position)).toEqual(
    Array.from({ length: 200_000 }, (_, index) => index),
  );
});
