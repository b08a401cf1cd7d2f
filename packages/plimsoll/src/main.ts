#!/usr/bin/env node
import { availableParallelism } from 'node:os';
import process from 'node:process';
import { replaceProcess } from '@plimsoll/cli/process-settings';
import { settingsFor } from './process-settings.ts';

const args = process.argv.slice(2);
const settings = settingsFor(args, availableParallelism());
if (settings !== null) replaceProcess(settings);

const { runCommandLine } = await import('@plimsoll/cli');
const { program } = await import('./program.ts');

process.exitCode = await runCommandLine(program, args, {
  env: process.env,
  cwd: process.cwd(),
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
});
