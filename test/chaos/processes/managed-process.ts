/**
 * A child process as a service manager keeps it: one that ends by itself is started again after a
 * second, one that was ended on purpose is not. Its output goes to a file.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync, closeSync, openSync } from 'node:fs';
import type { Readable } from 'node:stream';
import type { Role } from '../pipeline.ts';

export interface ManagedProcessOptions {
  name: string;
  kind: Role['kind'];
  command: string;
  args: readonly string[];
  cwd: string;
  env?: Readonly<Record<string, string>>;
  logFile: string;
  /** Takes the standard output, which then is not in the log. */
  onOutput?: (output: Readable) => void;
  /** It ended by itself, with the exit code or signal. */
  onUnexpectedEnd?: (how: string) => void;
}

const restartDelayMs = 1000;
/** Of an orderly end; then it is killed. */
const endDeadlineMs = 20_000;

export class ManagedProcess implements Role {
  readonly name: string;
  readonly kind: Role['kind'];
  readonly #options: ManagedProcessOptions;
  #child: ChildProcess | null = null;
  #exited: Promise<string> = Promise.resolve('not started');
  #isWanted = false;
  #timer: NodeJS.Timeout | undefined;
  /** How often it ended by itself. */
  unexpectedEnds = 0;

  constructor(options: ManagedProcessOptions) {
    this.name = options.name;
    this.kind = options.kind;
    this.#options = options;
  }

  pid(): number | null {
    return this.#child?.pid ?? null;
  }

  async start(): Promise<void> {
    this.#isWanted = true;
    clearTimeout(this.#timer);
    if (this.#child === null) this.#spawn();
  }

  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<string> {
    this.#isWanted = false;
    clearTimeout(this.#timer);
    const child = this.#child;
    if (child === null) return 'not running';
    child.kill(signal);
    const timer = setTimeout(() => {
      this.#note(`did not end within ${endDeadlineMs} ms of ${signal}: killed`);
      child.kill('SIGKILL');
    }, endDeadlineMs);
    try {
      return await this.#exited;
    } finally {
      clearTimeout(timer);
    }
  }

  #spawn(): void {
    const { command, args, cwd, env, logFile, onOutput } = this.#options;
    this.#note('started');
    const log = openSync(logFile, 'a');
    const child = spawn(command, [...args], {
      cwd,
      env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...env },
      stdio: ['ignore', onOutput ? 'pipe' : log, log],
    });
    closeSync(log);
    this.#child = child;
    if (onOutput && child.stdout) onOutput(child.stdout);
    const { promise, resolve } = Promise.withResolvers<string>();
    this.#exited = promise;
    child.once('error', (error) => {
      this.#over(child, error.message);
      resolve(error.message);
    });
    child.once('exit', (code, signal) => {
      const how = signal ?? `exit code ${code}`;
      this.#over(child, how);
      resolve(how);
    });
  }

  #over(child: ChildProcess, how: string): void {
    if (this.#child !== child) return;
    this.#child = null;
    this.#note(`ended: ${how}`);
    if (!this.#isWanted) return;
    this.unexpectedEnds += 1;
    this.#options.onUnexpectedEnd?.(how);
    this.#timer = setTimeout(() => {
      if (this.#isWanted && this.#child === null) this.#spawn();
    }, restartDelayMs);
  }

  #note(what: string): void {
    const line = { time: new Date().toISOString(), chaos: this.name, what };
    appendFileSync(this.#options.logFile, `${JSON.stringify(line)}\n`);
  }
}
