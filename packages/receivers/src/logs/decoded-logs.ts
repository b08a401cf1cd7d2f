import type { PushedLogs } from '../sink/frame-sink.ts';

/** What is left out of a request, and why; the rest of it is stored. */
export interface Rejections {
  records: number;
  /** The first few, each naming its stream or record. */
  problems: string[];
}

export interface DecodedLogs {
  /** Null: nothing to store. */
  logs: PushedLogs | null;
  records: number;
  rejected: Rejections;
}

const maxProblems = 5;

export function noRejections(): Rejections {
  return { records: 0, problems: [] };
}

export function reject(rejections: Rejections, problem: string, records = 1): void {
  rejections.records += records;
  if (rejections.problems.length < maxProblems) rejections.problems.push(problem);
}
