/** What a writer process is told, and what it tells. */
import type { LogSpec } from './log-place.ts';

export interface WriterJob {
  logs: LogSpec[];
  /** Where the ledgers are. */
  ledgers: string;
  /** Of all its logs together. */
  linesPerSecond: number;
  rotateBytes: number;
  /** File with the time up to which the pipeline has read what was written, in milliseconds since 1970. */
  collectedFile: string;
}

/** One line of JSON on the writer's standard output. */
export interface WriterReport {
  written: number;
  rotations: number;
}
