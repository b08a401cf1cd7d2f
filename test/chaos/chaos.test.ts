/**
 * The proof of exactly once, from file to row, with real parts and a nemesis: four minutes in CI, one
 * elsewhere; for as long as one likes by `npm run chaos -- --minutes M`.
 */
import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import process from 'node:process';
import { kafkaMissing } from '@plimsoll/infra/kafka';
import { describe, expect, test } from 'vitest';
import { parseSummary } from './run/summary.ts';
import { isSkipped } from '../harness/requirement.ts';

const isCi = process.env['CI'] === 'true';
const minutes = Number(process.env['PLIMSOLL_CHAOS_MINUTES'] ?? (isCi ? 4 : 1));
const seed = Number(process.env['PLIMSOLL_TEST_SEED'] ?? Date.now() % 1_000_000);
/** What starting, draining and comparing may take at most beside the minutes. */
const aroundMs = 8 * 60_000;
/** At least so many must have taken effect. */
const leastFaults = minutes >= 4 ? 40 : Math.floor(minutes * 6);
const clean = { missing: 0, doubled: 0, disordered: 0, altered: 0 };
const program = resolve(import.meta.dirname, './main.ts');
const missing = kafkaMissing();

describe.skipIf(isSkipped(missing))(`chaos for ${minutes} minutes, seed ${seed}`, () => {
  test(
    'nothing missing, doubled, disordered or altered',
    { timeout: minutes * 60_000 + aroundMs },
    async () => {
      const { code, output } = await run(['--minutes', String(minutes), '--seed', String(seed)]);
      const summary = parseSummary(output.trimEnd().split('\n').at(-1) ?? '');
      expect(summary, output.slice(-8000)).toMatchObject(clean);
      expect(summary?.faults).toBeGreaterThanOrEqual(leastFaults);
      expect(summary?.lines).toBeGreaterThan(minutes * 10_000);
      expect(code, output.slice(-8000)).toBe(0);
    },
  );
});

async function run(args: string[]): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  child.stdout.on('data', (data: Buffer) => (output += data.toString()));
  child.stderr.on('data', (data: Buffer) => (output += data.toString()));
  const code = await new Promise<number | null>((done) => child.once('close', done));
  return { code, output };
}
