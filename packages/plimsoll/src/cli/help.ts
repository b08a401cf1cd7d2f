import type { Command, Option } from './command.ts';
import { commonEnvironment, commonExitCodes, helpOption } from './common-options.ts';

const textWidth = 92;

/** Help of the command `plimsoll` itself. */
export function topHelp(commands: readonly Command[]): string {
  return [
    'Plimsoll watches containers: logs, memory, CPU, leaks and limits, from one command.',
    '',
    'Usage: plimsoll <command> [options]',
    '',
    'Commands',
    ...table(commands.map(({ name, summary }) => [name, summary])),
    '',
    'Options',
    ...table([
      ['-h, --help', 'Show this help, or that of a command: plimsoll all --help.'],
      ['    --version', 'Show the version.'],
    ]),
    '',
    'Examples',
    ...table([
      ['plimsoll all', 'Watch this host; the page is at http://127.0.0.1:4270.'],
      ['plimsoll all --help', 'Read what that does and how to change it.'],
      ["plimsoll sql 'SELECT count() FROM logs'", 'Ask the running process.'],
    ]),
    '',
    'Environment',
    ...table(commonEnvironment.map(({ name, help }) => [name, help])),
    '',
    'Exit codes',
    ...table(commonExitCodes.map(({ code, help }) => [String(code), help])),
    '',
  ].join('\n');
}

export function commandHelp(command: Command): string {
  const usage = ['plimsoll', command.name, '[options]', command.usage ?? ''].join(' ').trim();
  const environment = [...(command.environment ?? []), ...commonEnvironment];
  return [
    command.summary,
    '',
    `Usage: ${usage}`,
    '',
    ...command.description.flatMap((paragraph) => [...wrap(paragraph, textWidth), '']),
    'Options',
    ...table(Object.entries({ ...command.options, ...helpOption }).map(optionRow)),
    '',
    'Examples',
    ...table(command.examples.map(({ line, what }) => [line, what])),
    '',
    'Environment',
    ...table(environment.map(({ name, help }) => [name, help])),
    '',
    'Exit codes',
    ...table((command.exitCodes ?? commonExitCodes).map(({ code, help }) => [String(code), help])),
    '',
  ].join('\n');
}

function optionRow([name, { short, value, help }]: [string, Option]): [string, string] {
  const letter = short === undefined ? '   ' : `-${short},`;
  return [`${letter} --${name}${value === undefined ? '' : ` ${value}`}`, help];
}

/** Two columns; a long first one stands on a line of its own. */
function table(rows: readonly (readonly [string, string])[]): string[] {
  const widest = 34;
  const left = Math.max(...rows.map(([first]) => (first.length <= widest ? first.length : 0)));
  const indent = ' '.repeat(left + 4);
  return rows.flatMap(([first, second]) => {
    const lines = wrap(second, textWidth - indent.length);
    if (first.length > left) return [`  ${first}`, ...lines.map((line) => indent + line)];
    const [head = '', ...rest] = lines;
    return [`  ${first.padEnd(left)}  ${head}`, ...rest.map((line) => indent + line)];
  });
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + word.length + 1 > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
