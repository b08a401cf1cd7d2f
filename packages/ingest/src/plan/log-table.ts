import type { LogFormat } from '@plimsoll/model';

/** Storage's tables for chunks, by what has to be done with them. */
export type LogTable =
  | 'log_chunks_docker'
  | 'log_chunks_docker_split'
  | 'log_chunks_cri'
  | 'log_chunks_plain'
  | 'log_chunks_records'
  | 'log_pushes';

/** Where a chunk goes. Joining split lines is a table of its own: it costs several times as much. */
export function logTableOf(format: LogFormat, isWhole: boolean): LogTable {
  switch (format) {
    case 'docker-json':
      return isWhole ? 'log_chunks_docker' : 'log_chunks_docker_split';
    case 'cri':
      return 'log_chunks_cri';
    case 'plain':
      return 'log_chunks_plain';
    case 'records':
      return 'log_chunks_records';
    case 'pushed':
      return 'log_pushes';
    default:
      return format satisfies never;
  }
}
