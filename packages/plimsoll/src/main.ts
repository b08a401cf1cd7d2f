#!/usr/bin/env node
import { availableParallelism } from 'node:os';
import process from 'node:process';
import { missingSettings } from './process-settings.ts';

const { argv, env, execArgv, execPath } = process;
const [, script = '', ...args] = argv;
const missing = missingSettings(args, { execArgv, env, cores: availableParallelism() });
if (missing !== null) {
  process.execve?.(execPath, [execPath, ...missing.flags, script, ...args], {
    ...env,
    ...missing.env,
  });
  // Where a process cannot be replaced: this one still takes effect before the pool's first use.
  Object.assign(env, missing.env);
}

const { runCommandLine } = await import('./cli/run-command-line.ts');

process.exitCode = await runCommandLine(args, {
  env,
  cwd: process.cwd(),
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
});
