#!/usr/bin/env node
import { availableParallelism } from 'node:os';
import process from 'node:process';

// Queries of the embedded engine occupy the threads of libuv's pool, which files and DNS use too.
// The pool reads its size once, at its first use: before anything else is loaded.
process.env['UV_THREADPOOL_SIZE'] ??= String(Math.max(24, 4 * availableParallelism()));

if (process.argv[2] === 'collector') {
  const { expectSmallHeap } = await import('@plimsoll/collector');
  expectSmallHeap();
}

const { runCommandLine } = await import('./cli/run-command-line.ts');

process.exitCode = await runCommandLine(process.argv.slice(2), {
  env: process.env,
  cwd: process.cwd(),
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
});
