import { styleText } from 'node:util';

/** What a command may use of its surroundings; tests hand in their own. */
export interface Terminal {
  env: Readonly<Record<string, string | undefined>>;
  cwd: string;
  stdin: AsyncIterable<Buffer | string> & { isTTY?: boolean };
  stdout: TerminalStream;
  stderr: TerminalStream;
}

export interface TerminalStream {
  write(text: string): unknown;
  isTTY?: boolean;
  columns?: number;
}

type Style = 'bold' | 'dim' | 'cyan' | 'red';

/** Colours where a person looks, and nowhere else. */
export function style(
  terminal: Terminal,
  stream: TerminalStream,
  kind: Style,
): (text: string) => string {
  const wanted = stream.isTTY === true && (terminal.env['NO_COLOR'] ?? '') === '';
  return (text) => (wanted ? styleText(kind, text, { validateStream: false }) : text);
}
