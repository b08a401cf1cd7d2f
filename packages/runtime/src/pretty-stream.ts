import { styleText } from 'node:util';
import type { DestinationStream } from 'pino';

type Style = 'dim' | 'cyan' | 'yellow' | 'red';

const levelStyles: Readonly<Record<string, Style>> = {
  trace: 'dim',
  debug: 'dim',
  info: 'cyan',
  warn: 'yellow',
  error: 'red',
  fatal: 'red',
};

/** Turns the logger's JSON lines into lines for people: `12:04:05 INFO  ingest: Started. rows=3`. */
export class PrettyStream implements DestinationStream {
  readonly #output: DestinationStream;
  readonly #hasColours: boolean;

  constructor(output: DestinationStream, options: { hasColours: boolean }) {
    this.#output = output;
    this.#hasColours = options.hasColours;
  }

  write(line: string): void {
    this.#output.write(this.#format(line));
  }

  #format(line: string): string {
    const entry = parseEntry(line);
    if (entry === null) return line;
    const { level, time, component, msg, err, ...fields } = entry;
    const name = String(level).toUpperCase().padEnd(5);
    const parts = [
      this.#style('dim', localTime(time)),
      this.#style(levelStyles[String(level)] ?? 'dim', name),
      component === undefined ? '' : `${fieldText(component)}:`,
      typeof msg === 'string' ? msg : '',
      ...Object.entries(fields).map(([key, value]) =>
        this.#style('dim', `${key}=${fieldText(value)}`),
      ),
      err === undefined ? '' : this.#style('red', errorText(err)),
    ];
    return `${parts.filter((part) => part !== '').join(' ')}\n`;
  }

  #style(style: Style, text: string): string {
    return this.#hasColours ? styleText(style, text, { validateStream: false }) : text;
  }
}

function parseEntry(line: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? { ...value } : null;
  } catch {
    return null;
  }
}

function localTime(time: unknown): string {
  return new Date(String(time)).toLocaleTimeString('en-GB', { hour12: false });
}

function fieldText(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
  return /^\S+$/.test(text) ? text : JSON.stringify(text);
}

function errorText(error: unknown): string {
  if (typeof error !== 'object' || error === null) return `(${String(error)})`;
  const message = 'message' in error ? String(error.message) : JSON.stringify(error);
  return `(${message})`;
}
