import type { Command, Option } from './command.ts';
import type { Program } from './program.ts';
import { commonEnvironment, commonExitCodes, helpOption } from './common-options.ts';

const textWidth = 92;

/** Help of the program itself. */
export function topHelp({ name: program, summary, commands, examples }: Program): string {
  const first = commands[0]?.name ?? 'help';
  return [
    summary,
    '',
    `Usage: ${program} <command> [options]`,
    '',
    'Commands',
    ...table(commands.map((command) => [command.name, command.summary])),
    '',
    'Options',
    ...table([
      ['-h, --help', `Show this help, or that of a command: ${program} ${first} --help.`],
      ['    --version', 'Show the version.'],
    ]),
    '',
    'Examples',
    ...table(examples.map(({ line, what }) => [line, what])),
    '',
    'Environment',
    ...table(commonEnvironment.map(({ name, help }) => [name, help])),
    '',
    'Exit codes',
    ...table(commonExitCodes.map(({ code, help }) => [String(code), help])),
    '',
  ].join('\n');
}

export function groupHelp(
  { name: program }: Program,
  { group, commands }: { group: string; commands: readonly Command[] },
): string {
  return [
    `Usage: ${program} ${group} <command> [options]`,
    '',
    'Commands',
    ...table(commands.map(({ name, summary }) => [name, summary])),
    '',
    `Of one command: ${program} ${commands[0]?.name ?? group} --help\n`,
  ].join('\n');
}

export function commandHelp({ name: program }: Program, command: Command): string {
  const usage = [program, command.name, '[options]', command.usage ?? ''].join(' ').trim();
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
