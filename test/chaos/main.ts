/**
 * The proof of exactly once, from file to row:
 *
 *     npm run chaos -- [--minutes 4] [--seed S] [--rate 1500] [--keep]
 *
 * The last line is `missing=N doubled=N disordered=N altered=N faults=N lines=N`. Exit code 0: the
 * first four are 0, there were faults, and the pipeline drained.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { kafkaMissing } from '@plimsoll/infra/kafka';
import { messageOf } from '@plimsoll/runtime';
import { isClean } from './checker/verdict.ts';
import { sessionTimeoutMs } from './plimsoll/configs.ts';
import { PlimsollPipeline } from './plimsoll/plimsoll-pipeline.ts';
import { findFreeBlock, makeTopology } from './plimsoll/topology.ts';
import { tmpfsMissing } from './plimsoll/tmpfs-disk.ts';
import { ChaosRun, type ChaosOutcome } from './run/chaos-run.ts';
import { countFaults, renderFaults } from './run/fault-table.ts';
import { renderSummary } from './run/summary.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '4' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    /** Lines per second, of all writers together. */
    rate: { type: 'string', default: '1500' },
    /** Keeps the folder of a run that went well, too. */
    keep: { type: 'boolean', default: false },
  },
});
const minutes = numberOf('minutes', 0.5);
const seed = numberOf('seed', 0);
const rate = numberOf('rate', 1);
const hostCount = 3;
const drainDeadlineMs = 180_000;

const noDisks = tmpfsMissing();
const missing = kafkaMissing() ?? (process.env['CI'] === 'true' ? noDisks : null);
if (missing !== null) {
  process.stderr.write(`chaos: a real part is missing: ${missing}\n`);
  process.exit(2);
}

const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    stopping.abort();
  });
}
const code = await runOnce();
// Left to itself, Node may wait without end for a handle of a client that is closed.
process.stdout.write('', () => process.exit(code));

async function runOnce(): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), `plimsoll-chaos-${seed}-`));
  const hosts = Array.from({ length: hostCount }, (_, at) => {
    const host = `host-${at + 1}`;
    return { host, root: join(folder, 'hosts', host) };
  });
  for (const { root } of hosts) mkdirSync(root, { recursive: true });
  const topology = makeTopology(await findFreeBlock(), hostCount);
  const hasDisks = noDisks === null;
  const pipeline = new PlimsollPipeline({ folder, topology, hosts, hasDisks, onNote: print });
  print(`chaos: ${minutes} minutes, seed ${seed}, ${rate} lines/s; everything is in ${folder}`);
  if (noDisks !== null) print(`chaos: no disk is filled: ${noDisks}`);
  let isGood = false;
  try {
    const run = new ChaosRun({
      pipeline,
      folder: join(folder, 'run'),
      minutes,
      seed,
      linesPerSecond: rate,
      sessionTimeoutMs,
      drainDeadlineMs,
      print,
      signal: stopping.signal,
    });
    const outcome = await run.run();
    isGood = isOutcomeGood(outcome);
    if (!isGood) writeFileSync(join(folder, 'outcome.json'), JSON.stringify(outcome, null, 1));
    report(outcome);
    await pipeline.stop(isGood ? null : join(folder, 'store'));
    print(isGood && !values.keep ? '' : `Kept: ${pipeline.evidence().join(', ')}`);
    printSummary(outcome);
  } catch (error) {
    print(`chaos: the run failed: ${error instanceof Error ? error.stack : messageOf(error)}`);
    print(await pipeline.diagnose());
    await pipeline.stop(null);
    print(`Kept: ${folder}`);
  }
  if (isGood && !values.keep) rmSync(folder, { recursive: true, force: true });
  return isGood ? 0 : 1;
}

function isOutcomeGood({ verdict, faults, undrained, findings }: ChaosOutcome): boolean {
  const hasFaults = faults.some(({ evidence }) => evidence !== null);
  return isClean(verdict) && hasFaults && undrained === null && findings.length === 0;
}

function report(outcome: ChaosOutcome): void {
  const { verdict, faults, undrained, findings, delays, rotations, files } = outcome;
  print('\nFaults that took effect, by kind:');
  for (const line of renderFaults(countFaults(faults))) print(line);
  print(
    `\nLines: ${verdict.lines} in ${files} logs, ${rotations} rotations; rows: ${verdict.rows}.`,
  );
  if (verdict.late > 0) print(`Units open for over four seconds, not judged: ${verdict.late}.`);
  const ms = (share: number): string => `${Math.round(delays.quantile(share) ?? 0)} ms`;
  if (delays.count > 0) {
    print(
      `From write to query outside of faults: p50 ${ms(0.5)}, p99 ${ms(0.99)} (${delays.count} looks).`,
    );
  }
  for (const [kind, examples] of Object.entries(verdict.examples)) {
    for (const example of examples) print(`${kind}: ${example}`);
  }
  for (const finding of findings) print(`found: ${finding}`);
  if (undrained !== null) print(`${undrained.state}\n${undrained.reason}`);
  print(`Replay: npm run chaos -- --minutes ${minutes} --seed ${seed} --rate ${rate}`);
}

function printSummary({ verdict, faults }: ChaosOutcome): void {
  const effective = faults.filter(({ evidence }) => evidence !== null).length;
  print(renderSummary({ ...verdict, faults: effective }));
}

function numberOf(name: 'minutes' | 'seed' | 'rate', least: number): number {
  const value = Number(values[name]);
  if (Number.isFinite(value) && value >= least) return value;
  process.stderr.write(
    `chaos: --${name}: expected a number of at least ${least}, got "${values[name]}"\n`,
  );
  return process.exit(2);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
