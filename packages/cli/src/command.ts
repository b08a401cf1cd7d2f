import type { Terminal } from './terminal.ts';

export interface Option {
  type: 'string' | 'boolean';
  short?: string;
  /** What stands for the value in the help: `<file>`. */
  value?: string;
  help: string;
}

export interface Example {
  line: string;
  what: string;
}

export interface EnvironmentNote {
  name: string;
  help: string;
}

/** One command with everything that its help says. */
export interface Command {
  /** `all`, or `config check`. */
  name: string;
  /** One line for the list of commands. */
  summary: string;
  /** Behind the name in the usage line. */
  usage?: string;
  /** Paragraphs. */
  description: readonly string[];
  options: Readonly<Record<string, Option>>;
  examples: readonly Example[];
  environment?: readonly EnvironmentNote[];
  exitCodes?: readonly { code: number; help: string }[];
  /** Words that may follow; more are refused. */
  maxPositionals?: number;
  /** Resolves with the exit code; throws coded errors, which the caller prints. */
  run(input: CommandInput): Promise<number>;
}

export interface CommandInput {
  values: OptionValues;
  positionals: readonly string[];
  terminal: Terminal;
}

export type OptionValues = Readonly<Record<string, string | boolean | undefined>>;

export function stringOption(values: OptionValues, name: string): string | undefined {
  const value = values[name];
  return typeof value === 'string' ? value : undefined;
}
