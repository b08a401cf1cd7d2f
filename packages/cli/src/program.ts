import type { Command, Example } from './command.ts';

/** A program that consists of commands. */
export interface Program {
  /** As it is typed: `plimsoll`. */
  name: string;
  /** The first line of its help. */
  summary: string;
  version: string;
  /** In the order in which the help lists them. */
  commands: readonly Command[];
  /** Runs where the command line names none; without one the help is shown. */
  defaultCommand?: string;
  examples: readonly Example[];
  /** Makes a coded error of what a package throws in terms of its own. */
  translateError?: (error: unknown) => unknown;
}
