import type { LogFormat } from '@plimsoll/model';

/** Storage's tables for chunks, by what has to be done with them. */
export type LogTable =
  'log_chunks_docker' | 'log_chunks_docker_split' | 'log_chunks_cri' | 'log_chunks_plain';

/** Docker gives a line that is longer than this in parts, each but the last of this size. */
const dockerPartBytes = 16 * 1024;

/**
 * Where a chunk goes. Joining split lines costs the engine several times as much, so that only
 * chunks that may have some pay for it: a part stands in a line of at least its own size.
 */
export function logTableOf(format: LogFormat, bytes: Buffer): LogTable {
  switch (format) {
    case 'docker-json':
      return hasLineOf(bytes, dockerPartBytes) ? 'log_chunks_docker_split' : 'log_chunks_docker';
    case 'cri':
      return 'log_chunks_cri';
    case 'plain':
      return 'log_chunks_plain';
    default:
      return format satisfies never;
  }
}

/**
 * True when a line may be `size` bytes long or longer; surely true when one is. Looks for a line end
 * only every half `size`: a line that long covers one such half as a whole.
 */
export function hasLineOf(bytes: Buffer, size: number): boolean {
  const step = size / 2;
  for (let from = 0; from + step <= bytes.length; from += step) {
    const end = bytes.indexOf(10, from);
    if (end < 0 || end - from >= step) return true;
  }
  return false;
}
