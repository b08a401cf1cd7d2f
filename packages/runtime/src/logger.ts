import { pino } from 'pino';
import type { DestinationStream, Logger as PinoLogger } from 'pino';
import type { Config } from './config/schema.ts';
import { PrettyStream } from './pretty-stream.ts';

/** Messages are one sentence in the past tense; what varies is in fields. */
export type Logger = PinoLogger;

export interface LoggerOptions {
  level?: Config['log']['level'];
  /** `auto`: for people when the destination is a terminal, JSON otherwise. */
  format?: Config['log']['format'];
  /** Default: standard error, so that a command's output stays clean. */
  destination?: DestinationStream;
  isTerminal?: boolean;
  /** Fields of every line of JSON. */
  base?: Readonly<Record<string, string | number>>;
}

/** Field names that never reach a log, at the top and one or two levels down. */
const secretFields = ['password', 'token', 'secret', 'authorization', 'cookie'];

const redactedPaths = secretFields.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);

export function createLogger(options: LoggerOptions = {}): Logger {
  const { level = 'info', format = 'auto', base = {} } = options;
  const isPretty = format === 'pretty' || (format === 'auto' && isTerminal(options));
  // Synchronous: the last line before a crash is the one that is needed.
  const output = options.destination ?? pino.destination({ fd: 2, sync: true });
  return pino(
    {
      level,
      // A person sees one process, and needs no name of it on each line.
      base: isPretty ? {} : base,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: redactedPaths, censor: '(secret)' },
      serializers: { err: pino.stdSerializers.err, error: pino.stdSerializers.err },
    },
    isPretty ? new PrettyStream(output, { hasColours: isTerminal(options) }) : output,
  );
}

/** For tests, and for commands that have nothing to log. */
export function silentLogger(): Logger {
  return createLogger({ level: 'silent' });
}

function isTerminal(options: LoggerOptions): boolean {
  return options.isTerminal ?? (options.destination === undefined && process.stderr.isTTY);
}
