import { expect, test } from 'vitest';
import { createLogger } from '../src/index.ts';

function capture(): { lines: string[]; write: (line: string) => void } {
  const lines: string[] = [];
  return { lines, write: (line) => void lines.push(line) };
}

test('writes one JSON object per line with level names and ISO time', () => {
  const destination = capture();
  createLogger({ format: 'json', destination })
    .child({ component: 'ingest' })
    .info({ rows: 3 }, 'Inserted a batch.');
  const entry: unknown = JSON.parse(destination.lines[0] ?? '');
  expect(entry).toMatchObject({
    level: 'info',
    component: 'ingest',
    rows: 3,
    msg: 'Inserted a batch.',
  });
  expect(entry).toHaveProperty('time', expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/));
});

test.each(['json', 'pretty'] as const)('never writes a secret (%s)', (format) => {
  const destination = capture();
  const fields = {
    token: 'sesame',
    storage: { password: 'sesame' },
    request: { headers: { authorization: 'Bearer sesame' } },
  };
  createLogger({ format, destination }).warn(fields, 'Refused a request.');
  expect(destination.lines.join('')).toContain('Refused a request.');
  expect(destination.lines.join('')).not.toContain('sesame');
});

test('shows a line to people with its fields and the error, without a stack', () => {
  const destination = capture();
  const logger = createLogger({ format: 'pretty', destination }).child({ component: 'ingest' });
  logger.error(
    { err: new Error('disk full'), table: 'logs', note: 'two words' },
    'Failed to insert.',
  );
  expect(destination.lines[0]).toMatch(
    /^\d\d:\d\d:\d\d ERROR ingest: Failed to insert\. table=logs note="two words" \(disk full\)\n$/,
  );
});

test('colours only for terminals, and passes on what is not JSON', () => {
  const destination = capture();
  createLogger({ format: 'auto', destination, isTerminal: true }).info('Started.');
  expect(destination.lines[0]).toContain('\u001B[36mINFO');
});

test('below its level nothing is written', () => {
  const destination = capture();
  createLogger({ level: 'warn', format: 'json', destination }).info('Not needed.');
  expect(destination.lines).toEqual([]);
});
