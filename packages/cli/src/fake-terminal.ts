import type { Terminal } from './terminal.ts';

export interface FakeTerminal extends Terminal {
  output(): string;
  errors(): string;
}

/** A terminal for tests, which read what was written. */
export function fakeTerminal(
  options: { env?: Record<string, string>; cwd?: string; input?: string; isTTY?: boolean } = {},
): FakeTerminal {
  const written = { stdout: '', stderr: '' };
  const stream = (name: 'stdout' | 'stderr') => ({
    isTTY: options.isTTY ?? false,
    write: (text: string) => {
      written[name] += text;
    },
  });
  return {
    env: options.env ?? {},
    cwd: options.cwd ?? '/',
    stdin: stdinOf(options.input),
    stdout: stream('stdout'),
    stderr: stream('stderr'),
    output: () => written.stdout,
    errors: () => written.stderr,
  };
}

function stdinOf(input: string | undefined): Terminal['stdin'] {
  const chunks = input === undefined ? [] : [Buffer.from(input)];
  return {
    isTTY: input === undefined,
    async *[Symbol.asyncIterator]() {
      yield* chunks;
    },
  };
}
