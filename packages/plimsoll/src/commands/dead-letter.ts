import { configOption, dataDirOption, stringOption } from '@plimsoll/cli';
import type { Command, CommandInput, Option, OptionValues } from '@plimsoll/cli';
import { PlimsollError } from '@plimsoll/runtime';
import type { LetterFilter } from '../dead-letters/select-letters.ts';
import { loadConfiguration } from '../load-configuration.ts';

const filterOptions: Readonly<Record<string, Option>> = {
  reason: { type: 'string', value: '<text>', help: 'Only letters whose reason contains the text.' },
  partition: {
    type: 'string',
    value: '<name>',
    help: 'Only letters of the partition: "direct", or a topic and number as listed.',
  },
};

const jsonOption: Readonly<Record<string, Option>> = {
  json: { type: 'boolean', help: 'Print JSON.' },
};

const where =
  'Letters are below the data folder, or with transport.mode: kafka in the topic <prefix>.dead-letters.';

const exitCodes = [
  { code: 0, help: 'Done.' },
  { code: 1, help: 'It failed, or a letter could not be replayed; the reason is printed.' },
  { code: 2, help: 'The command line was not understood.' },
];

/** Most ids that one command line may name. */
const maxIds = 1000;

const listCommand: Command = {
  name: 'dead-letter list',
  summary: 'List frames that could not be stored, and why.',
  description: [
    'One line for each letter that waits, oldest first: its id, when it was set aside, where it came from, what it holds, its size and the reason.',
    where,
  ],
  options: {
    ...filterOptions,
    all: { type: 'boolean', help: 'Also those that were replayed.' },
    ...jsonOption,
    ...configOption,
    ...dataDirOption,
  },
  examples: [
    { line: 'plimsoll dead-letter list', what: 'See what could not be stored.' },
    { line: 'plimsoll dead-letter list --reason "No such column"', what: 'Those of one cause.' },
    { line: 'plimsoll dead-letter list --all --json', what: 'Everything, for scripts.' },
  ],
  exitCodes,
  run: async (input) => {
    const { listLetters } = await import('../dead-letters/list-letters.ts');
    return listLetters(...common(input));
  },
};

const showCommand: Command = {
  name: 'dead-letter show',
  summary: 'Show one letter: its header and its first lines.',
  usage: '<id>',
  description: [
    'Prints what is known of the letter, the header of its frame, and the first lines of its payload, decoded.',
    where,
  ],
  options: { ...jsonOption, ...configOption, ...dataDirOption },
  examples: [
    { line: 'plimsoll dead-letter show direct-1789466400000000-0-0', what: 'Look into a letter.' },
  ],
  exitCodes,
  maxPositionals: 1,
  run: async (input) => {
    const [id] = input.positionals;
    if (id === undefined) throw new PlimsollError('usage_invalid', 'expected an id, got nothing');
    const { showLetter } = await import('../dead-letters/show-letter.ts');
    return showLetter(id, ...common(input));
  },
};

const replayCommand: Command = {
  name: 'dead-letter replay',
  summary: 'Store letters after all, once their cause is mended.',
  usage: '<id>…',
  description: [
    'Publishes the letters again through the configured transport and marks them as replayed. What is stored already is not stored twice; what is refused again becomes a letter anew, under another id.',
    'Without Kafka the process that runs on the data folder takes them up within seconds, and the command waits for it; when none runs, they are replayed at its next start.',
    where,
  ],
  options: {
    all: { type: 'boolean', help: 'Every letter that waits, or every one that the filters leave.' },
    ...filterOptions,
    'dry-run': { type: 'boolean', help: 'Only say which letters would be replayed.' },
    ...jsonOption,
    ...configOption,
    ...dataDirOption,
  },
  examples: [
    { line: 'plimsoll dead-letter replay --all --dry-run', what: 'See what it would do.' },
    {
      line: 'plimsoll dead-letter replay --all --reason "No such column"',
      what: 'After an upgrade that brought the column.',
    },
  ],
  exitCodes,
  maxPositionals: maxIds,
  run: async (input) => {
    const isAll = input.values['all'] === true;
    if (isAll === input.positionals.length > 0) {
      const message = `expected ids or --all, got ${isAll ? 'both' : 'neither'}`;
      throw new PlimsollError('usage_invalid', message);
    }
    const { replayLetters } = await import('../dead-letters/replay-letters.ts');
    return replayLetters(input.positionals, ...common(input));
  },
};

export const deadLetterCommands: readonly Command[] = [listCommand, showCommand, replayCommand];

function common({ values, terminal }: CommandInput) {
  const { config } = loadConfiguration(values, terminal);
  const options = {
    filter: filterOf(values),
    isAll: values['all'] === true,
    isDryRun: values['dry-run'] === true,
    isJson: values['json'] === true,
  };
  return [config, terminal, options] as const;
}

function filterOf(values: OptionValues): LetterFilter {
  const [reason, partition] = ['reason', 'partition'].map((name) => stringOption(values, name));
  return { ...(reason !== undefined && { reason }), ...(partition !== undefined && { partition }) };
}
