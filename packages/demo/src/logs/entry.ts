import type { Random } from '../random.ts';

/** What a program wrote at one moment: lines without their newline, of one stream. */
export interface LogEntry {
  stream: 'stdout' | 'stderr';
  lines: string[];
}

export interface LogContext {
  random: Random;
  timeMs: number;
  service: string;
  version: string;
  /** 0 at rest, 1 at the height of the day. */
  load: number;
  /** Something is wrong with the container just now. */
  isTroubled: boolean;
}

export type LogMaker = (context: LogContext) => LogEntry;

export function stdout(...lines: string[]): LogEntry {
  return { stream: 'stdout', lines };
}

export function stderr(...lines: string[]): LogEntry {
  return { stream: 'stderr', lines };
}
