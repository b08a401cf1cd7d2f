import type { LogContext, LogEntry, LogFacets, LogHistogram, LogPage } from '@plimsoll/model/api';
import * as fc from 'fast-check';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  containerLabels,
  getJson,
  logRow,
  now,
  openFixture,
  type Fixture,
  type LogSeed,
} from '../support/fixture.ts';

const ms = 1_000_000n;
const base = BigInt(now) * ms;

/** Newest last; each at its own age in milliseconds. */
const lines: { age: number; message: string; more?: Partial<LogSeed> }[] = [
  {
    age: 3_000_000,
    message: 'connection refused by upstream payments',
    more: { severity: 'error' },
  },
  { age: 2_500_000, message: 'Foobar started', more: { severity: '' } },
  { age: 2_000_000, message: 'GET /health?probe=1 200 100%_done' },
  { age: 1_500_000, message: 'GRÜSSE aus Köln', more: { stream: 'stderr' } },
  { age: 1_000_000, message: "it's \\ a {tricky:String} line -- ; DROP TABLE logs" },
  {
    age: 900_000,
    message: 'coloured warning',
    more: { messageRaw: '\u001B[33mcoloured warning\u001B[0m', severity: 'warn' },
  },
  {
    age: 800_000,
    message: 'other host',
    more: {
      labels: containerLabels('ledger-1', { host: 'node-2', image: 'shop/ledger:1.0' }),
      fileId: 'file-2',
    },
  },
  {
    age: 700_000,
    message: 'service of compose',
    more: { labels: containerLabels('x-web-3', { compose_service: 'web' }), fileId: 'file-3' },
  },
  { age: 600_000, message: 'user_id=42 connection accepted', more: { severity: 'debug' } },
  { age: 500_000, message: 'nul \u0000 byte and tab\tand newline\nwithin' },
];

let fixture: Fixture;
let app: FastifyInstance;

beforeAll(async () => {
  fixture = await openFixture();
  app = await fixture.serve();
  await fixture.insert(
    'logs',
    lines.map(({ age, message, more }, index) =>
      logRow({ ns: base - BigInt(age) * ms, message, position: index * 100, ...more }),
    ),
  );
  await fixture.insert('logs', [
    logRow({
      ns: base - 1000n * ms,
      message: 'of another tenant foobar',
      position: 0,
      fileId: 'foreign',
      labels: containerLabels('foreign', { tenant: 'other' }),
    }),
  ]);
});

afterAll(async () => fixture.close());

async function messages(query: string): Promise<string[]> {
  const page = await getJson<LogPage>(app, `logs?${query}`);
  return page.items.map((item) => item.message);
}

function text(q: string): string {
  return `q=${encodeURIComponent(q)}`;
}

describe('what a search finds', () => {
  const all = lines.map(({ message }) => message).toReversed();
  const cases: [name: string, query: string, expected: string[]][] = [
    ['everything, newest first', '', all],
    ['a substring of a word', text('oobar'), ['Foobar started']],
    ['whatever the case', text('FOOBAR'), ['Foobar started']],
    ['letters beyond ASCII in any case', text('grüsse'), ['GRÜSSE aus Köln']],
    [
      'all words in any order',
      text('upstream refused'),
      ['connection refused by upstream payments'],
    ],
    ['a phrase', text('"refused by"'), ['connection refused by upstream payments']],
    ['no phrase that is only words', text('"by refused"'), []],
    [
      'a phrase with inner whole words',
      text('"ction refused by upst"'),
      ['connection refused by upstream payments'],
    ],
    ['an inner word must be whole', text('"ction refuse by"'), []],
    ['not with a word left out', text('connection -refused'), ['user_id=42 connection accepted']],
    [
      'a quoted minus',
      text('"-- ; drop"'),
      ["it's \\ a {tricky:String} line -- ; DROP TABLE logs"],
    ],
    [
      'percent and underscore as they are',
      text('100%_done'),
      ['GET /health?probe=1 200 100%_done'],
    ],
    ['a percent sign is no wildcard', text('conn%refused'), []],
    [
      'quotes and backslashes',
      text(`"it's \\\\ a"`),
      ["it's \\ a {tricky:String} line -- ; DROP TABLE logs"],
    ],
    [
      'braces of a parameter',
      text('{tricky:String}'),
      ["it's \\ a {tricky:String} line -- ; DROP TABLE logs"],
    ],
    ['a NUL byte', text('\u0000'), ['nul \u0000 byte and tab\tand newline\nwithin']],
    [
      'a whole word as it is written',
      text('=refused'),
      ['connection refused by upstream payments'],
    ],
    ['no part of a word as a whole one', text('=refuse'), []],
    ['no whole word of another case', text('=Refused'), []],
    [
      'whole words with what is between them',
      text('=user_id=42'),
      ['user_id=42 connection accepted'],
    ],
    ['no part at their end', text('=user_id=4'), []],
    ['no part at their beginning', text('=ser_id=42'), []],
    [
      'whole words with separators around',
      text('=/health?'),
      ['GET /health?probe=1 200 100%_done'],
    ],
    ['whole words beyond ASCII', text('=Köln'), ['GRÜSSE aus Köln']],
    [
      'a lone equals sign as it is',
      text('='),
      ['user_id=42 connection accepted', 'GET /health?probe=1 200 100%_done'],
    ],
    ['a quoted equals sign as it is', text('"=42"'), ['user_id=42 connection accepted']],
    [
      'a regular expression',
      `regex=${encodeURIComponent('user_id=\\d+')}`,
      ['user_id=42 connection accepted'],
    ],
    [
      'a regular expression of any case',
      `regex=${encodeURIComponent('(?i)foo.AR')}`,
      ['Foobar started'],
    ],
    ['one host', 'host=node-2', ['other host']],
    [
      'either of two containers',
      'container=ledger-1&container=x-web-3',
      ['service of compose', 'other host'],
    ],
    ['a compose service', 'service=web', ['service of compose']],
    ['a service by name without number', 'service=ledger', ['other host']],
    ['an image', `image=${encodeURIComponent('shop/ledger:1.0')}`, ['other host']],
    ['a stream', 'stream=stderr', ['GRÜSSE aus Köln']],
    [
      'severities',
      'severity=error&severity=warn',
      ['coloured warning', 'connection refused by upstream payments'],
    ],
    ['lines without severity', 'severity=', ['Foobar started']],
    ['a container id', `container_id=${containerLabels('ledger-1').container_id}`, ['other host']],
    [
      'an empty text is no condition',
      'q=&limit=1',
      ['nul \u0000 byte and tab\tand newline\nwithin'],
    ],
    [
      'a time range, half open',
      `from=${now - 2_500_000}&to=${now - 2_000_000}`,
      ['Foobar started'],
    ],
    [
      'a relative range',
      'from=now-20m&to=now-15m',
      ["it's \\ a {tricky:String} line -- ; DROP TABLE logs"],
    ],
  ];
  it.each(cases)('%s', async (_name, query, expected) => {
    expect(await messages(query)).toEqual(expected);
  });

  it('tells where a line came from', async () => {
    const page = await getJson<LogPage>(app, `logs?${text('coloured')}`);
    expect(page.items).toMatchObject([
      {
        time_ns: (base - 900_000n * ms).toString(),
        time: now - 900_000,
        host: 'node-1',
        container_id: containerLabels('checkout-1').container_id,
        container: 'checkout-1',
        image: 'shop/checkout:2.41.0',
        service: 'checkout',
        stream: 'stdout',
        severity: 'warn',
        message: 'coloured warning',
        message_raw: '\u001B[33mcoloured warning\u001B[0m',
      },
    ]);
    expect(page.next).toBeNull();
    expect(page.scanned_rows).toBeGreaterThan(0);
  });

  it('never shows another tenant’s lines, whatever is asked', async () => {
    for (const hostile of [
      'foobar',
      "' OR 1=1 --",
      "x') OR tenant = 'other",
      '\\',
      "\\'",
      '{tenant:String}',
    ]) {
      for (const name of ['q', 'host', 'container', 'container_id', 'image', 'service', 'stream']) {
        const found = await messages(`${name}=${encodeURIComponent(hostile)}`);
        expect(found).not.toContain('of another tenant foobar');
        expect(name === 'q' ? [] : found).toEqual([]);
      }
    }
  });

  it('answers any text at all without an error', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 30 }), async (q) => {
        const response = await app.inject({
          url: `/api/plimsoll/v1/logs?${new URLSearchParams({ q }).toString()}`,
        });
        expect([200, 400]).toContain(response.statusCode);
      }),
      { numRuns: 40 },
    );
  });
});

describe('a broken regular expression', () => {
  const cases: [pattern: string, position: number | undefined][] = [
    ['a(b', 1],
    ['a)b', 1],
    ['x[z-a]', 2],
    ['ab**', 2],
    ['[a', 0],
    ['ab\\', 2],
    ['(?=x)', 0],
  ];
  it.each(cases)('%s is refused at its place', async (pattern, position) => {
    const response = await app.inject({
      url: `/api/plimsoll/v1/logs?regex=${encodeURIComponent(pattern)}`,
    });
    expect(response.statusCode).toBe(400);
    expect(response.json()).toMatchObject({ error: { code: 'invalid_regex', position } });
  });
});

describe('histogram, facets and context', () => {
  it('counts each line in its bucket and severity', async () => {
    const from = now - 3_600_000;
    const histogram = await getJson<LogHistogram>(
      app,
      `logs/histogram?from=${from}&to=${now}&buckets=13`,
    );
    expect(histogram.step_ms).toBe(300_000);
    expect(histogram.total).toBe(lines.length);
    expect(histogram.from % 300_000).toBe(0);
    const expected: Record<string, number[]> = {};
    const count = (histogram.to - histogram.from) / histogram.step_ms;
    for (const { age, more } of lines) {
      const series = (expected[more?.severity ?? 'info'] ??= Array.from(
        { length: count },
        () => 0,
      ));
      const bucket = Math.floor((now - age - histogram.from) / histogram.step_ms);
      series[bucket] = (series[bucket] ?? 0) + 1;
    }
    expect(histogram.counts).toEqual(expected);
  });

  it('counts values of each facet, most frequent first', async () => {
    const facets = await getJson<LogFacets>(app, 'logs/facets');
    expect(facets.container).toEqual([
      { value: 'checkout-1', count: 8 },
      { value: 'ledger-1', count: 1 },
      { value: 'x-web-3', count: 1 },
    ]);
    expect(facets.service).toEqual([
      { value: 'checkout', count: 8 },
      { value: 'ledger', count: 1 },
      { value: 'web', count: 1 },
    ]);
    expect(facets.host).toEqual([
      { value: 'node-1', count: 9 },
      { value: 'node-2', count: 1 },
    ]);
    expect(facets.stream).toEqual([
      { value: 'stdout', count: 9 },
      { value: 'stderr', count: 1 },
    ]);
    expect(facets.severity).toContainEqual({ value: '', count: 1 });
    expect(facets.image).toHaveLength(2);
  });

  it('counts a facet under the filters of the others and not under its own', async () => {
    const facets = await getJson<LogFacets>(app, 'logs/facets?container=ledger-1&stream=stdout');
    const names = facets.container.map(({ value }) => value);
    expect(names).toContain('checkout-1');
    const ledger = await getJson<LogFacets>(app, 'logs/facets?container=ledger-1');
    const total = ledger.host.reduce((sum, { count }) => sum + count, 0);
    expect(total).toBe(1);
    expect(ledger.container).toHaveLength(3);
    const nobody = await getJson<LogFacets>(app, 'logs/facets?host=node-2&service=checkout');
    expect(nobody.stream).toEqual([]);
    expect(nobody.host).toEqual([{ value: 'node-1', count: 8 }]);
  });

  it('shows the lines around one by position in the same file', async () => {
    const [line] = (await getJson<LogPage>(app, `logs?${text('Köln')}`)).items;
    const around = await getJson<LogContext>(
      app,
      `logs/context?id=${line?.id ?? ''}&before=2&after=2`,
    );
    const texts = (entries: LogEntry[]) => entries.map((entry) => entry.message);
    expect(texts(around.before)).toEqual([lines[1]?.message, lines[2]?.message]);
    expect(around.line.message).toBe('GRÜSSE aus Köln');
    expect(texts(around.after)).toEqual([lines[4]?.message, lines[5]?.message]);
  });

  it.each(['abc', 'W10', '..', Buffer.from('["1","f","x"]').toString('base64url')])(
    'refuses the id %s',
    async (id) => {
      const response = await app.inject({ url: `/api/plimsoll/v1/logs/context?id=${id}` });
      expect(response.statusCode).toBe(400);
    },
  );

  it('says when a line is gone', async () => {
    const id = Buffer.from('["1","file","5"]').toString('base64url');
    const response = await app.inject({ url: `/api/plimsoll/v1/logs/context?id=${id}` });
    expect(response.json()).toMatchObject({ error: { code: 'not_found' } });
  });
});

describe('paging', () => {
  const tied = containerLabels('ties-1', { host: 'ties' });
  const count = 257;

  beforeAll(async () => {
    // A handful of moments for all lines, some a nanosecond apart, in three files.
    await fixture.insert(
      'logs',
      Array.from({ length: count }, (_, index) =>
        logRow({
          ns: base - 60_000n * ms - BigInt(index % 4) - BigInt(index % 3) * 5_000_000_000n,
          message: `line ${index}`,
          position: (index * 7919) % 1000,
          fileId: `file-${index % 3}`,
          labels: tied,
        }),
      ),
    );
  });

  it('walks through ties: every page once, in one order, for any size of page', async () => {
    const whole = await getJson<LogPage>(app, 'logs?host=ties&limit=1000');
    expect(whole.items).toHaveLength(count);
    expect(new Set(whole.items.map((item) => item.id)).size).toBe(count);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 10, max: 120 }), async (limit) => {
        const ids: string[] = [];
        let next: string | null = '';
        while (next !== null) {
          const cursor: string = next === '' ? '' : `&cursor=${next}`;
          const page: LogPage = await getJson<LogPage>(
            app,
            `logs?host=ties&limit=${limit}${cursor}`,
          );
          ids.push(...page.items.map((item) => item.id));
          next = page.next;
        }
        expect(ids).toEqual(whole.items.map((item) => item.id));
      }),
      { numRuns: 5 },
    );
  });

  it('is not moved by lines that arrive meanwhile', async () => {
    const first = await getJson<LogPage>(app, 'logs?host=ties&limit=10');
    const whole = await getJson<LogPage>(app, 'logs?host=ties&limit=30');
    await fixture.insert('logs', [
      logRow({ ns: base - 1n, message: 'just now', position: 1, fileId: 'file-9', labels: tied }),
    ]);
    const second = await getJson<LogPage>(
      app,
      `logs?host=ties&limit=20&cursor=${first.next ?? ''}`,
    );
    expect(second.items).toEqual(whole.items.slice(10));
  });

  it('ends a page early at its limit of bytes, and goes on from there', async () => {
    const large = containerLabels('large-1', { host: 'large' });
    await fixture.insert(
      'logs',
      Array.from({ length: 14 }, (_, index) =>
        logRow({
          ns: base - 1_000_000n * BigInt(index + 1),
          message: `${index} `.padEnd(1_000_000, 'x'),
          position: index,
          labels: large,
        }),
      ),
    );
    const first = await getJson<LogPage>(app, 'logs?host=large');
    expect(first.items).toHaveLength(9);
    const second = await getJson<LogPage>(app, `logs?host=large&cursor=${first.next ?? ''}`);
    expect(
      [...first.items, ...second.items].map((item) => Number.parseInt(item.message, 10)),
    ).toEqual(Array.from({ length: 14 }, (_, index) => index));
  });
});
