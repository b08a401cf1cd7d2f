// Starting a child, with signals passed on. Runs on Node 20, before anything is installed.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import process from 'node:process';

import { root, workspaceEnv } from './paths.mjs';

/** How long a child may take to stop after the first signal before it is killed. */
const stopTimeoutMs = 15_000;

/** npm and the terminal each deliver the same Ctrl-C: signals this close together are one. */
const sameSignalMs = 1_000;

/**
 * @typedef {object} ChildOptions
 * @property {string} [cwd] defaults to the repository
 * @property {NodeJS.ProcessEnv} [env] defaults to the workspace's environment
 * @property {'inherit' | 'ignore'} [stdin] defaults to `inherit`
 */

/**
 * Runs a command on this terminal and resolves with its exit code, `128 + n` after signal n.
 * @param {string} command
 * @param {string[]} args
 * @param {ChildOptions} [options]
 * @returns {Promise<number>}
 */
export function runChild(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: options.cwd ?? root,
      env: options.env ?? workspaceEnv(),
      stdio: [options.stdin ?? 'inherit', 'inherit', 'inherit'],
    });
    const release = passSignalsOn(child);
    child.once('error', (error) => {
      release();
      reject(error);
    });
    child.once('exit', (code, signal) => {
      release();
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}

/**
 * Runs a command, keeps what it prints, and resolves with both.
 * @param {string} command
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} [env] defaults to the workspace's environment
 * @returns {Promise<{ code: number, output: string }>}
 */
export function runQuietly(command, args, env = workspaceEnv()) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const release = passSignalsOn(child, () => process.exit(130));
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text) => (output += text));
    child.stderr.setEncoding('utf8').on('data', (text) => (output += text));
    child.once('error', (error) => {
      release();
      resolve({ code: 127, output: error.message });
    });
    child.once('close', (code) => {
      release();
      resolve({ code: code ?? 1, output });
    });
  });
}

/**
 * The child shares our terminal, so a Ctrl-C reaches it without us; every other signal is ours to
 * pass on. A second signal asks for more haste; a child that does not stop is killed.
 * @param {import('node:child_process').ChildProcess} child
 * @param {() => void} [afterSignal] runs when the first signal was dealt with and the child is gone
 * @returns {() => void} stops passing signals on
 */
function passSignalsOn(child, afterSignal) {
  let firstAt = 0;
  /** @type {NodeJS.Timeout | undefined} */
  let killTimer;

  /** @param {NodeJS.Signals} signal */
  const onSignal = (signal) => {
    const now = Date.now();
    if (firstAt === 0) {
      firstAt = now;
      killTimer = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs);
      if (afterSignal !== undefined) child.once('exit', afterSignal);
      const delivered = signal === 'SIGINT' && process.stdin.isTTY;
      if (!delivered) child.kill(signal);
    } else if (now - firstAt > sameSignalMs) {
      child.kill('SIGTERM');
    }
  };

  const signals = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);
  for (const signal of signals) process.on(signal, onSignal);
  return () => {
    clearTimeout(killTimer);
    for (const signal of signals) process.off(signal, onSignal);
  };
}
