import { PlimsollError } from '@plimsoll/runtime';
import { describe, expect, test } from 'vitest';
import { fakeTerminal, runCommandLine, type Command, type Program } from '../src/index.ts';

const seen: unknown[] = [];

const work: Command = {
  name: 'work',
  summary: 'Do it.',
  description: ['It does it.'],
  options: { times: { type: 'string', short: 't', value: '<n>', help: 'How often.' } },
  examples: [{ line: 'tool work', what: 'Once.' }],
  maxPositionals: 1,
  run: ({ values, positionals }) => {
    seen.push({ values: { ...values }, positionals });
    return Promise.resolve(7);
  },
};

const failing = (thrown: Error): Command => ({
  ...work,
  name: 'fail',
  run: async () => {
    throw thrown;
  },
});

const program: Program = {
  name: 'tool',
  summary: 'A tool.',
  version: '1.2.3',
  commands: [work],
  examples: [{ line: 'tool work', what: 'Work.' }],
};

async function run(args: string[], changes: Partial<Program> = {}) {
  const terminal = fakeTerminal();
  const code = await runCommandLine({ ...program, ...changes }, args, terminal);
  return { code, output: terminal.output(), errors: terminal.errors() };
}

describe('a program without a default command', () => {
  test('shows its help when it is given none', async () => {
    const { code, output } = await run([]);
    expect(code).toBe(0);
    expect(output).toContain('A tool.\n\nUsage: tool <command> [options]\n');
  });

  test('passes options and words on, and ends with the command’s code', async () => {
    expect(await run(['work', '-t', '3', 'hard'])).toMatchObject({ code: 7, errors: '' });
    expect(seen.at(-1)).toEqual({ values: { times: '3' }, positionals: ['hard'] });
  });

  test('speaks of itself by its name', async () => {
    expect((await run(['wrok'])).errors).toBe(
      'tool: expected a command, got "wrok"\n  Did you mean "work"?\n  (usage_invalid)\n',
    );
    expect((await run(['work', '--tims', '3'])).errors).toContain('tool work: expected a known');
    expect((await run(['--version'])).output).toBe('1.2.3\n');
  });
});

describe('a program with a default command', () => {
  const changes = { defaultCommand: 'work' };

  test.each([
    ['no word', [], {}],
    ['only options', ['--times', '2'], { times: '2' }],
  ])('runs it for %s', async (_, args, values) => {
    expect((await run(args, changes)).code).toBe(7);
    expect(seen.at(-1)).toEqual({ values, positionals: [] });
  });

  test('still shows help and version of its own', async () => {
    expect((await run(['--help'], changes)).output).toContain('Usage: tool <command>');
    expect((await run(['--version'], changes)).output).toBe('1.2.3\n');
  });

  test('does not take a mistyped command for a word', async () => {
    expect(await run(['wrok'], changes)).toMatchObject({ code: 2 });
  });
});

describe('errors', () => {
  test('that are expected have no stack', async () => {
    const error = new PlimsollError('port_in_use', 'expected a free port');
    const { code, errors } = await run(['fail'], { commands: [failing(error)] });
    expect([code, errors]).toEqual([1, expect.stringMatching(/^tool: expected a free port\n/)]);
    expect(errors).not.toContain('    at ');
  });

  test('of a package are translated', async () => {
    const translateError = () => new PlimsollError('usage_invalid', 'translated');
    const commands = [failing(new Error('inner'))];
    expect(await run(['fail'], { commands, translateError })).toMatchObject({ code: 2 });
  });

  test('of a programmer show where', async () => {
    const { code, errors } = await run(['fail'], { commands: [failing(new TypeError('a bug'))] });
    expect(code).toBe(1);
    expect(errors).toMatch(/^tool: an unexpected error: TypeError: a bug\n +at /);
  });
});
