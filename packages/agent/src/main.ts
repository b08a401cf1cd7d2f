#!/usr/bin/env node
import process from 'node:process';
import { replaceProcess } from '@plimsoll/cli/process-settings';
import { collectorSettings } from './process-settings.ts';

replaceProcess(collectorSettings);

const { runCommandLine } = await import('@plimsoll/cli');
const { program } = await import('./program.ts');

process.exitCode = await runCommandLine(program, process.argv.slice(2), {
  env: process.env,
  cwd: process.cwd(),
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
});
