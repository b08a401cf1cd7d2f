import { afterAll, beforeAll, expect, test } from 'vitest';
import { insertChunks, storedLines } from '../support/log-chunks.ts';
import { openTestEngine, type TestEngine } from '../support/test-engine.ts';

let opened: TestEngine;
beforeAll(async () => {
  opened = await openTestEngine();
});
afterAll(async () => opened[Symbol.asyncDispose]());

const cases: readonly (readonly [severity: string, line: string])[] = [
  // JSON, words and numbers.
  ['info', '{"level":"info","msg":"error handler ready"}'],
  ['error', '{"ts":1,"severity":"ERROR","msg":"x"}'],
  ['warn', '{"lvl":"Warning","msg":"x"}'],
  ['fatal', '{"level":"CRITICAL"}'],
  ['debug', '{"level":"debug"}'],
  ['trace', '{"level":10,"time":1}'],
  ['debug', '{"level":20,"time":1}'],
  ['info', '{"level":30,"time":1}'],
  ['warn', '{"level":40,"time":1}'],
  ['error', '{"level":50,"time":1}'],
  ['fatal', '{"level":60,"time":1}'],
  ['', '{"msg":"level is high"}'],
  ['', '{"level":"green"}'],
  // logfmt.
  ['info', 'ts=2026-01-01T00:00:00Z level=info msg="an error was mended"'],
  ['warn', 'level="warn" msg=x'],
  ['error', 'severity=ERROR code=7'],
  ['fatal', 'lvl=crit x=1'],
  // Words in brackets, before colons, in capitals near the start.
  ['error', '[ERROR] it broke'],
  ['warn', '2026-01-01 00:00:00 [warn] nginx: upstream'],
  ['info', '2026-01-01 00:00:00,123 INFO  com.example.Main - started'],
  ['error', 'ERROR: relation "x" does not exist'],
  ['error', 'error: cannot open'],
  ['warn', 'Warning: deprecated'],
  ['fatal', 'FATAL  out of memory'],
  ['fatal', 'panic: runtime error: index out of range'],
  ['debug', '<debug> value=1'],
  ['info', '2026/01/01 00:00:00 NOTICE ready'],
  ['warn', '2026-01-01T00:00:00Z\tWARN\tslow'],
  ['info', 'INFO [worker] 3 ERROR records skipped'],
  // klog.
  ['info', 'I0115 09:00:00.000000       1 main.go:1] started'],
  ['warn', 'W0115 09:00:00.000000       1 main.go:1] slow'],
  ['error', 'E0115 09:00:00.000000       1 main.go:1] failed'],
  ['fatal', 'F0115 09:00:00.000000       1 main.go:1] gone'],
  // None.
  ['', 'GET /error/INFO.txt 200'],
  ['', 'no error was found'],
  ['', 'just some words'],
  ['', 'information is power'],
  ['', ''],
  ['', `${'x'.repeat(200)} ERROR far from the start`],
];

test('is found by the table of cases', async () => {
  const bytes = cases.map(([, line]) => `${line}\n`).join('');
  await insertChunks(opened.engine, [{ bytes, fileId: 'severity' }], { kind: 'plain' });
  const rows = await storedLines(opened.engine, 'severity');
  expect(rows.map(({ severity, message }) => [severity, message])).toEqual(cases);
});

test('colours do not hide it', async () => {
  await insertChunks(opened.engine, [{ bytes: '\u001b[33mWARN\u001b[0m x\n', fileId: 'colour' }], {
    kind: 'plain',
  });
  expect((await storedLines(opened.engine, 'colour'))[0]?.severity).toBe('warn');
});
