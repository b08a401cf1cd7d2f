/**
 * Control groups of version 2 on a host that has version 1: boots an emulated machine with Debian's
 * kernel and a dockerd of its own, runs the container of each fault there under a collector, and
 * says for each whether what must move moved and what must not did not.
 *
 *     npm run test:cgroup-v2          some five minutes; the first time it downloads 90 MB
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { buildFaultImage, faultImageMissing } from '../harness/fault-image.ts';
import { boot } from './machine/boot.ts';
import { makeDisks } from './machine/disk.ts';
import { fetchParts, machineMissing } from './machine/parts.ts';
import type { GuestResults } from './results.ts';

const repository = resolve(import.meta.dirname, '../..');
const cache = join(repository, 'node_modules/.cache/plimsoll-cgroup-v2');
const deadlineMs = 15 * 60_000;

const missing = machineMissing() ?? faultImageMissing();
if (missing !== null) {
  console.error(`The emulated machine cannot be made here: ${missing}.`);
  process.exit(2);
}
const folder = mkdtempSync(join(tmpdir(), 'plimsoll-cgroup-v2-'));
try {
  const results = await emulate();
  const failed = report(results);
  process.exitCode = failed === 0 ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function emulate(): Promise<GuestResults> {
  const share = join(folder, 'share');
  mkdirSync(share);
  mkdirSync(cache, { recursive: true });
  say('Fetching QEMU and a kernel, once.');
  const parts = fetchParts(cache);
  say('Making the disk.');
  execFileSync('cp', [buildFaultImage(join(folder)), join(share, 'faults.tar')]);
  const disks = makeDisks(parts, { folder, node: process.execPath });
  say(`Booting Linux ${parts.release} and watching its containers; this takes some minutes.`);
  const problem = await boot(parts, disks, { repository, share, deadlineMs });
  const file = join(share, 'results.json');
  if (!existsSync(file)) {
    throw new Error(
      `the machine left no results (${problem ?? 'it ended'}); it said:\n${logs(share)}`,
    );
  }
  // What our own program wrote.
  return JSON.parse(readFileSync(file, 'utf8')) as GuestResults;
}

function logs(share: string): string {
  const names = ['qemu.log', 'console.log', 'guest.log'].map((name) => join(share, name));
  return names
    .filter(existsSync)
    .map((name) => `${name}:\n${readFileSync(name, 'utf8').slice(-4000)}`)
    .join('\n');
}

/** Prints a line for each fault, and the closing line. @returns how many failed */
function report({ cgroupMode, faults }: GuestResults): number {
  const lines = faults.map(({ name, samples, unmet }) => ({
    isGood: unmet.length === 0,
    text: [`${name} (${samples} samples)`, ...unmet.map((sentence) => `    ${sentence}`)].join(
      '\n',
    ),
  }));
  lines.unshift({ isGood: cgroupMode === 'v2', text: `control groups are of mode ${cgroupMode}` });
  for (const { isGood, text } of lines) console.log(`${isGood ? 'ok  ' : 'FAIL'} ${text}`);
  const failed = lines.filter(({ isGood }) => !isGood).length;
  console.log(`${lines.length - failed} passed, ${failed} failed`);
  return failed;
}

function say(text: string): void {
  console.error(text);
}
