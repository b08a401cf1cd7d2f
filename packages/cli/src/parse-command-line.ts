import { parseArgs } from 'node:util';
import { nearest, PlimsollError } from '@plimsoll/runtime';
import type { Command, OptionValues } from './command.ts';
import { helpOption } from './common-options.ts';
import type { Program } from './program.ts';

export type Request =
  | { kind: 'version' }
  | { kind: 'help'; command: Command | null }
  /** Of commands that share their first word, such as `config check` and `config print`. */
  | { kind: 'group help'; group: string; commands: readonly Command[] }
  | { kind: 'run'; command: Command; values: OptionValues; positionals: readonly string[] };

/** What a command line asks for. @throws {PlimsollError} `usage_invalid` */
export function parseCommandLine(args: readonly string[], program: Program): Request {
  const { defaultCommand } = program;
  const [first] = args;
  if (first === '--help' || first === '-h' || (first === undefined && !defaultCommand)) {
    return { kind: 'help', command: null };
  }
  if (first === '--version' || first === '-V') return { kind: 'version' };
  if (first === 'help') return helpRequest(args.slice(1), program);
  const isWithout = defaultCommand !== undefined && (first === undefined || first.startsWith('-'));
  const words = isWithout ? [defaultCommand, ...args] : args;
  const found = findCommand(words, program.commands);
  if (found === null) {
    const isHelp = words.some((word) => word === '--help' || word === '-h');
    const help = isHelp ? groupHelp(words, program) : null;
    if (help !== null) return help;
    throw unknownCommand(words, program);
  }
  const { command, rest } = found;
  const { values, positionals } = parseOptions(rest, { command, program });
  if (values['help'] === true) return { kind: 'help', command };
  const most = command.maxPositionals ?? 0;
  if (positionals.length > most) {
    const allowed = most === 0 ? 'no words' : most === 1 ? 'one word (quote it)' : `${most} words`;
    const message = `${program.name} ${command.name}: expected ${allowed} after its options, got "${positionals.join(' ')}"`;
    throw new PlimsollError('usage_invalid', message, { hint: helpHint({ command, program }) });
  }
  return { kind: 'run', command, values, positionals };
}

function helpRequest(words: readonly string[], program: Program): Request {
  if (words.length === 0) return { kind: 'help', command: null };
  const found = findCommand(words, program.commands);
  if (found !== null) return { kind: 'help', command: found.command };
  const help = groupHelp(words, program);
  if (help !== null) return help;
  throw unknownCommand(words, program);
}

function findCommand(
  args: readonly string[],
  commands: readonly Command[],
): { command: Command; rest: readonly string[] } | null {
  for (const length of [2, 1]) {
    const command = commands.find(({ name }) => name === args.slice(0, length).join(' '));
    if (command !== undefined) return { command, rest: args.slice(length) };
  }
  return null;
}

/** Null where the first word is that of no group. */
function groupHelp([group = '']: readonly string[], { commands }: Program): Request | null {
  const members = groupOf(group, commands);
  return members.length === 0 ? null : { kind: 'group help', group, commands: members };
}

function groupOf(first: string, commands: readonly Command[]): readonly Command[] {
  return commands.filter(({ name }) => name.startsWith(`${first} `));
}

function unknownCommand(
  args: readonly string[],
  { name: program, commands }: Program,
): PlimsollError {
  const names = commands.map(({ name }) => name);
  const [first = ''] = args;
  const group = groupOf(first, commands);
  if (group.length > 0) {
    const message = `${program} ${first}: expected one of ${group.map(({ name }) => name).join(', ')}, got "${args.slice(0, 2).join(' ')}"`;
    return new PlimsollError('usage_invalid', message);
  }
  const hint = nearest(
    first,
    names.map((name) => name.split(' ')[0] ?? name),
  );
  return new PlimsollError('usage_invalid', `expected a command, got "${first}"`, {
    hint: hint === null ? `Run "${program} --help" for the list.` : `Did you mean "${hint}"?`,
  });
}

interface Asked {
  command: Command;
  program: Program;
}

function parseOptions(
  args: readonly string[],
  asked: Asked,
): { values: OptionValues; positionals: string[] } {
  const { command } = asked;
  const known = { ...command.options, ...helpOption };
  const options = Object.fromEntries(
    Object.entries(known).map(([name, { type, short }]) => [
      name,
      short === undefined ? { type } : { type, short },
    ]),
  );
  const { tokens } = parseArgs({ args: [...args], options, strict: false, tokens: true });
  for (const token of tokens) {
    if (token.kind !== 'option') continue;
    const option = Object.hasOwn(known, token.name) ? known[token.name] : undefined;
    if (option === undefined) throw unknownOption(token.rawName, asked, Object.keys(known));
    const isMissing = option.type === 'string' && (token.value === undefined || token.value === '');
    if (isMissing) {
      const message = `--${token.name}: expected ${option.value ?? 'a value'}, got nothing`;
      throw new PlimsollError('usage_invalid', message, { hint: helpHint(asked) });
    }
    if (option.type === 'boolean' && token.value !== undefined) {
      const message = `--${token.name}: expected no value, got "${token.value}"`;
      throw new PlimsollError('usage_invalid', message, { hint: helpHint(asked) });
    }
  }
  const { values, positionals } = parseArgs({
    args: [...args],
    options,
    strict: true,
    allowPositionals: true,
  });
  return { values, positionals };
}

function unknownOption(given: string, asked: Asked, known: readonly string[]): PlimsollError {
  const { command, program } = asked;
  const near = nearest(given.replace(/^-+/, ''), known);
  const message = `${program.name} ${command.name}: expected a known option, got "${given}"`;
  const hint = near === null ? helpHint(asked) : `Did you mean "--${near}"?`;
  return new PlimsollError('usage_invalid', message, { hint });
}

function helpHint({ command, program }: Asked): string {
  return `Run "${program.name} ${command.name} --help".`;
}
