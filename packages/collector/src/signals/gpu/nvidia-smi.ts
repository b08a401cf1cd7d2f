/**
 * Runs nvidia-smi, NVIDIA's own program to ask its driver, without a shell. With a GPU that hangs
 * it hangs as well, at worst where no signal reaches it: then it is not started again before it
 * has ended, so there is never more than one.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { codeOf, messageOf } from '@plimsoll/runtime';

export type SmiResult =
  { kind: 'output'; text: string } | { kind: 'failed'; reason: string; code: SmiFailure };

/** `absent`: the program is not there (any more). */
export type SmiFailure = 'absent' | 'hung' | 'exit' | 'too-long' | 'stopped';

export interface SmiOptions {
  timeoutMs: number;
  maxBytes?: number;
}

/** Some 150 bytes per GPU and 120 per process. */
const defaultMaxBytes = 4 * 1024 * 1024;
const maxReasonLength = 300;

export class NvidiaSmi {
  readonly #path: string;
  readonly #timeoutMs: number;
  readonly #maxBytes: number;
  /** A run that was killed and has not ended. */
  #hanging: ChildProcess | undefined;

  constructor(path: string, { timeoutMs, maxBytes = defaultMaxBytes }: SmiOptions) {
    this.#path = path;
    this.#timeoutMs = timeoutMs;
    this.#maxBytes = maxBytes;
  }

  /** Never rejects. */
  run(args: readonly string[], signal: AbortSignal): Promise<SmiResult> {
    if (this.#hanging) {
      const reason = 'an earlier nvidia-smi still hangs in the driver and cannot be ended';
      return Promise.resolve({ kind: 'failed', code: 'hung', reason });
    }
    if (signal.aborted) {
      return Promise.resolve({ kind: 'failed', code: 'stopped', reason: 'stopped' });
    }
    return new Promise((resolve) => {
      try {
        const child = spawn(this.#path, args, {
          stdio: ['ignore', 'pipe', 'pipe'],
          env: { ...process.env, LC_ALL: 'C' },
        });
        this.#follow(child, signal, resolve);
      } catch (error) {
        resolve({ kind: 'failed', code: 'exit', reason: messageOf(error) });
      }
    });
  }

  #follow(child: ChildProcess, signal: AbortSignal, resolve: (result: SmiResult) => void): void {
    let output = '';
    let complaint = '';
    const finish = (result: SmiResult): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      resolve(result);
    };
    const giveUp = (code: SmiFailure, reason: string): void => {
      this.#end(child);
      finish({ kind: 'failed', code, reason });
    };
    const onAbort = (): void => {
      giveUp('stopped', 'stopped');
    };
    const timer = setTimeout(() => {
      giveUp('hung', `nvidia-smi did not end within ${this.#timeoutMs / 1000} s`);
    }, this.#timeoutMs);
    signal.addEventListener('abort', onAbort, { once: true });
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      if (output.length <= this.#maxBytes) return;
      giveUp('too-long', `nvidia-smi printed more than ${this.#maxBytes} bytes`);
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      if (complaint.length < maxReasonLength) complaint += text;
    });
    child.on('error', (error) => {
      const code = codeOf(error) === 'ENOENT' ? 'absent' : 'exit';
      finish({ kind: 'failed', code, reason: messageOf(error) });
    });
    child.on('close', (code, name) => {
      if (code === 0) finish({ kind: 'output', text: output });
      else
        finish({ kind: 'failed', code: 'exit', reason: reasonOf(output, complaint, code ?? name) });
    });
  }

  #end(child: ChildProcess): void {
    if (child.exitCode !== null || child.signalCode !== null) return;
    this.#hanging = child;
    child.once('exit', () => {
      this.#hanging = undefined;
    });
    child.stdout?.destroy();
    child.stderr?.destroy();
    child.unref();
    child.kill('SIGKILL');
  }
}

/** What it says of an error stands on its standard output, a line or two. */
function reasonOf(output: string, complaint: string, code: number | string | null): string {
  const said = `${output.trim()} ${complaint.trim()}`.trim().replaceAll(/\s+/g, ' ');
  const text = said.slice(0, maxReasonLength);
  return text === '' ? `nvidia-smi ended with ${code}` : text;
}

const usualFolders = ['/usr/bin', '/usr/local/nvidia/bin', '/run/nvidia/driver/usr/bin'];

/** Path of the program in PATH or where the driver's containers put it. */
export function findNvidiaSmi(path = process.env['PATH'] ?? ''): string | undefined {
  const folders = [...path.split(delimiter).filter((folder) => folder !== ''), ...usualFolders];
  return folders.map((folder) => join(folder, 'nvidia-smi')).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
