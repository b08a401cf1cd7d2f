/**
 * Counts sockets by state in `net/tcp` and `net/tcp6`; the states are those of
 * include/net/tcp_states.h, two hexadecimal digits in the fourth column:
 *
 * ```
 *   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt …
 *    0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000 …
 * ```
 */
import { type Bytes, newline, nextLine, skipBlanks, skipWord } from './bytes.ts';

export interface TcpStates {
  established: number;
  synSent: number;
  /** FIN_WAIT1 and FIN_WAIT2: we closed, the other side has not. */
  finWait: number;
  /** The other side closed, we have not: never ends by itself. */
  closeWait: number;
  listening: number;
}

export function noTcpStates(): TcpStates {
  return { established: 0, synSent: 0, finWait: 0, closeWait: 0, listening: 0 };
}

/**
 * Adds the sockets of the complete lines; lines of another shape are left out.
 *
 * @returns how many bytes were taken: what follows is the beginning of a line.
 */
export function addTcpStates(bytes: Bytes, states: TcpStates): number {
  let at = 0;
  for (;;) {
    const next = nextLine(bytes, at);
    if (next === at || bytes.data[next - 1] !== newline) return at;
    addLine(bytes, at, states);
    at = next;
  }
}

function addLine(bytes: Bytes, from: number, states: TcpStates): void {
  let at = skipBlanks(bytes, from);
  for (let column = 0; column < 3; column++) at = skipBlanks(bytes, skipWord(bytes, at));
  if (skipWord(bytes, at) - at !== 2) return;
  switch (((bytes.data[at] ?? 0) << 8) | (bytes.data[at + 1] ?? 0)) {
    case 0x30_31:
      states.established++;
      return;
    case 0x30_32:
      states.synSent++;
      return;
    case 0x30_34:
    case 0x30_35:
      states.finWait++;
      return;
    case 0x30_38:
      states.closeWait++;
      return;
    case 0x30_41:
      states.listening++;
      return;
    default:
  }
}
