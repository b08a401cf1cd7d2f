import { describeError, PlimsollError } from '@plimsoll/runtime';
import { commands } from '../commands/index.ts';
import { readVersion } from '../version.ts';
import { ignoreClosedPipe } from './closed-pipe.ts';
import { commandHelp, topHelp } from './help.ts';
import { parseCommandLine } from './parse-command-line.ts';
import { toCodedError } from './coded-error.ts';
import { style } from './terminal.ts';
import type { Terminal } from './terminal.ts';

/** Runs one command; resolves with the exit code. Operating errors are shown without a stack. */
export async function runCommandLine(args: readonly string[], terminal: Terminal): Promise<number> {
  ignoreClosedPipe(terminal.stdout);
  try {
    const request = parseCommandLine(args, commands);
    if (request.kind === 'version') {
      terminal.stdout.write(`${readVersion()}\n`);
      return 0;
    }
    if (request.kind === 'help') {
      const help = request.command === null ? topHelp(commands) : commandHelp(request.command);
      terminal.stdout.write(help);
      return 0;
    }
    const { command, values, positionals } = request;
    return await command.run({ values, positionals, terminal });
  } catch (error) {
    const coded = toCodedError(error);
    const red = style(terminal, terminal.stderr, 'red');
    if (coded instanceof PlimsollError) {
      terminal.stderr.write(`${red(describeError(coded))}\n`);
      return coded.exitCode;
    }
    // A programmer's error: the stack is what helps.
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    terminal.stderr.write(`${red('plimsoll: an unexpected error:')} ${text}\n`);
    return 1;
  }
}
