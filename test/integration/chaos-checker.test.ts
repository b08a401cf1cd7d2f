/**
 * That a chaos run would see what goes wrong: writers that survive their own kill -9 and know what
 * they have written, and a checker that finds what is planted.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkRows, type WrittenLog } from '../chaos/checker/check-rows.ts';
import type { Verdict } from '../chaos/checker/verdict.ts';
import type { StoredRow } from '../chaos/pipeline.ts';
import { rowsFromFiles } from '../chaos/rows-from-files.ts';
import { parseSummary, renderSummary } from '../chaos/run/summary.ts';
import { readLedger } from '../chaos/writers/ledger.ts';
import type { LogSpec } from '../chaos/writers/log-place.ts';
import { parseRecords } from '../chaos/writers/parse-records.ts';
import { repairOf } from '../chaos/writers/torn-unit.ts';
import { unitAt, type UnitSource } from '../chaos/writers/unit.ts';
import { randomFrom } from '../harness/random.ts';

const folder = mkdtempSync(join(tmpdir(), 'plimsoll-chaos-harness-'));
const seed = Number(process.env['PLIMSOLL_TEST_SEED'] ?? Date.now() % 1_000_000);
const writerProgram = resolve(import.meta.dirname, '../chaos/writers/main.ts');
const formats = ['cri', 'docker-json', 'plain'] as const;

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe(`writers and checker (seed ${seed})`, () => {
  let written: WrittenLog[] = [];
  let rows: StoredRow[] = [];

  beforeAll(async () => {
    const root = join(folder, 'host');
    const ledgers = join(folder, 'ledgers');
    mkdirSync(ledgers, { recursive: true });
    const logs = formats.map((format, file): LogSpec => {
      const place = { host: 'host-1', root };
      const baseMs = Date.now() - 60_000;
      const isText = format === 'docker-json';
      return { seed, writer: 1, file, isText, hasTiny: true, format, baseMs, place };
    });
    const jobFile = join(folder, 'job.json');
    const job = { logs, ledgers, linesPerSecond: 3000, rotateBytes: 200_000, collectedFile: '' };
    writeFileSync(jobFile, JSON.stringify(job));
    const random = randomFrom(seed);
    for (let life = 0; life < 8; life++) {
      const child = spawn(process.execPath, [writerProgram, jobFile], { stdio: 'ignore' });
      const exited = new Promise((done) => child.once('exit', done));
      await sleep(500 + random() * 700);
      child.kill(life === 7 ? 'SIGTERM' : 'SIGKILL');
      await exited;
    }
    written = logs.map((spec) => ({
      spec,
      ledger: readLedger(join(ledgers, `1-${spec.file}.jsonl`)),
    }));
    rows = logs.flatMap(rowsFromFiles);
  }, 60_000);

  const check = async (stored: readonly StoredRow[]): Promise<Verdict> =>
    checkRows(written, inBatches(stored));

  test('writers killed with -9 know what they have written, torn lines and rotations included', async () => {
    expect(await check(rows)).toMatchObject({
      missing: 0,
      doubled: 0,
      disordered: 0,
      altered: 0,
      lines: rows.length,
      rows: rows.length,
    });
    expect(rows.length).toBeGreaterThan(3000);
    const generations = written.flatMap(({ ledger }) => ledger.generations);
    expect(generations.length).toBeGreaterThan(formats.length);
    expect(written.every(({ ledger }) => ledger.isFinal)).toBe(true);
  });

  test('each row that is missing, doubled, out of place or altered is counted as that', async () => {
    // Rows that say which they are, so that a swap can be told from two changes.
    const telling = rows.flatMap((row, at) => (row.identity === '' ? [] : [at]));
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.nat(telling.length - 2), { minLength: 8, maxLength: 40 }),
        async (picked) => {
          const places = picked.map((at) => telling[at] ?? 0).toSorted((a, b) => a - b);
          const { planted, expected } = plant(rows, places);
          const { missing, doubled, disordered, altered } = await check(planted);
          expect({ missing, doubled, disordered, altered }).toEqual(expected);
        },
      ),
      { numRuns: 8, seed },
    );
  });

  test('a file that is not stored at all, a file stored twice, and rows of nobody', async () => {
    const [first] = rows;
    const one = rows.filter(({ file }) => file === first?.file);
    const others = rows.filter(({ file }) => file !== first?.file);
    expect(await check(others)).toMatchObject({ missing: one.length, doubled: 0, altered: 0 });
    const again = one.map((row) => ({ ...row, file: 'another id' }));
    expect(await check([...rows, ...again])).toMatchObject({ missing: 0, doubled: one.length });
    const alien = { ...one[0], file: 'alien', identity: '', position: 0 } as StoredRow;
    expect(await check([...rows, alien])).toMatchObject({ missing: 0, altered: 1 });
  });

  test('rows under the labels of another container are altered', async () => {
    const moved = rows.map((row, at) => (at === 5 ? { ...row, containerId: 'other' } : row));
    expect(await check(moved)).toMatchObject({ altered: 1, missing: 0, doubled: 0 });
  });

  test('a pipeline without positions is judged by what lines say of themselves', async () => {
    const bare = rows
      .filter(({ identity }) => identity !== '')
      .map((row) => ({ ...row, position: null }));
    const tiny = rows.length - bare.length;
    expect(await check(bare)).toMatchObject({ missing: tiny, doubled: 0, altered: 0 });
  });
});

test('a unit torn at any byte, and ended, is read as the ledger says', () => {
  const source = (format: (typeof formats)[number]): UnitSource => {
    const isText = format === 'docker-json';
    return { seed, writer: 3, file: 4, isText, hasTiny: true, format, baseMs: 1_790_000_000_000 };
  };
  fc.assert(
    fc.property(fc.constantFrom(...formats), fc.nat(5000), fc.nat(), (format, number, cut) => {
      const unit = unitAt(source(format), number);
      const kept = 1 + (cut % Math.max(1, unit.bytes.length - 1));
      const repair = repairOf(source(format), unit, kept) ?? unit.bytes.subarray(kept);
      const next = unitAt(source(format), number + unit.records.length);
      const ended = Buffer.concat([unit.bytes.subarray(0, kept), repair]);
      const texts = parseRecords(format, Buffer.concat([ended, next.bytes])).map(
        ({ text }) => text,
      );
      // Whatever became of the torn one, it does not run on into what comes after it.
      expect(texts.slice(-next.records.length)).toEqual(next.records.map(({ content }) => content));
      const whole = parseRecords(format, unit.bytes).map(({ text }) => text);
      expect(whole).toEqual(unit.records.map(({ content }) => content));
    }),
    { seed, numRuns: 300 },
  );
});

test('the last line is read as it was written', () => {
  const summary = { missing: 1, doubled: 2, disordered: 3, altered: 4, faults: 5, lines: 6 };
  expect(renderSummary(summary)).toBe(
    'missing=1 doubled=2 disordered=3 altered=4 faults=5 lines=6',
  );
  expect(parseSummary(renderSummary(summary))).toEqual(summary);
  expect(parseSummary('missing=1')).toBeNull();
});

async function* inBatches(rows: readonly StoredRow[]): AsyncGenerator<readonly StoredRow[]> {
  for (let at = 0; at < rows.length; at += 1000) yield rows.slice(at, at + 1000);
}

/** One of four things at each place, in turn. */
function plant(rows: readonly StoredRow[], places: readonly number[]) {
  const planted: StoredRow[][] = rows.map((row) => [row]);
  const expected = { missing: 0, doubled: 0, disordered: 0, altered: 0 };
  for (const [turn, place] of places.entries()) {
    const row = rows[place];
    const isTouched = planted[place]?.[0] !== row;
    if (!row || isTouched) continue;
    if (turn % 4 === 0) {
      planted[place] = [];
      expected.missing += 1;
    } else if (turn % 4 === 1) {
      planted[place] = [row, row];
      expected.doubled += 1;
    } else if (turn % 4 === 2) {
      planted[place] = [{ ...row, crc: row.crc ^ 1 }];
      expected.altered += 1;
    } else expected.disordered += swap(rows, planted, place);
  }
  return { planted: planted.flat(), expected };
}

/** With the next whole line of the same file that nothing was done to. @returns rows out of place */
function swap(rows: readonly StoredRow[], planted: StoredRow[][], place: number): number {
  const row = rows[place];
  const other = rows.findIndex(
    (each, at) =>
      at > place &&
      each.file === row?.file &&
      each.identity !== '' &&
      planted[at]?.length === 1 &&
      planted[at]?.[0] === each,
  );
  const second = rows[other];
  if (!row || !second || row.identity === second.identity) return 0;
  planted[place] = [{ ...second, position: row.position }];
  planted[other] = [{ ...row, position: second.position }];
  return 2;
}
