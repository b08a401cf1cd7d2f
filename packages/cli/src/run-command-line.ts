import { describeError, PlimsollError } from '@plimsoll/runtime';
import { ignoreClosedPipe } from './closed-pipe.ts';
import { commandHelp, groupHelp, topHelp } from './help.ts';
import { parseCommandLine } from './parse-command-line.ts';
import type { Program } from './program.ts';
import { style } from './terminal.ts';
import type { Terminal } from './terminal.ts';

/** Runs one command; resolves with the exit code. Operating errors are shown without a stack. */
export async function runCommandLine(
  program: Program,
  args: readonly string[],
  terminal: Terminal,
): Promise<number> {
  ignoreClosedPipe(terminal.stdout);
  try {
    const request = parseCommandLine(args, program);
    if (request.kind === 'version') {
      terminal.stdout.write(`${program.version}\n`);
      return 0;
    }
    if (request.kind === 'help') {
      const help =
        request.command === null ? topHelp(program) : commandHelp(program, request.command);
      terminal.stdout.write(help);
      return 0;
    }
    if (request.kind === 'group help') {
      terminal.stdout.write(groupHelp(program, request));
      return 0;
    }
    const { command, values, positionals } = request;
    return await command.run({ values, positionals, terminal });
  } catch (error) {
    const coded = program.translateError?.(error) ?? error;
    const red = style(terminal, terminal.stderr, 'red');
    if (coded instanceof PlimsollError) {
      terminal.stderr.write(`${red(describeError(coded, program.name))}\n`);
      return coded.exitCode;
    }
    // A programmer's error: the stack is what helps.
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    terminal.stderr.write(`${red(`${program.name}: an unexpected error:`)} ${text}\n`);
    return 1;
  }
}
