/** Sockets of a network namespace: `net/sockstat` and `net/sockstat6`, in counts by protocol. */
import { type Bytes, newline, nextLine, parseNumber, skipBlanks, skipWord } from './bytes.ts';
import { isAt } from './network.ts';

export interface SocketCounts {
  used: number;
  tcpInUse: number;
  tcpOrphaned: number;
  tcpTimeWait: number;
  tcpAllocated: number;
  udpInUse: number;
}

/** Sockets of IPv6, those that also speak IPv4 among them; `used` and the like count both. */
export interface SocketCounts6 {
  tcpInUse: number;
  udpInUse: number;
}

export function unknownSockets(): SocketCounts {
  return {
    used: NaN,
    tcpInUse: NaN,
    tcpOrphaned: NaN,
    tcpTimeWait: NaN,
    tcpAllocated: NaN,
    udpInUse: NaN,
  };
}

interface Field<Name extends string> {
  readonly line: Uint8Array;
  readonly word: Uint8Array;
  readonly name: Name;
}

const fields4 = [
  field('sockets:', 'used', 'used'),
  field('TCP:', 'inuse', 'tcpInUse'),
  field('TCP:', 'orphan', 'tcpOrphaned'),
  field('TCP:', 'tw', 'tcpTimeWait'),
  field('TCP:', 'alloc', 'tcpAllocated'),
  field('UDP:', 'inuse', 'udpInUse'),
] as const;

const fields6 = [field('TCP6:', 'inuse', 'tcpInUse'), field('UDP6:', 'inuse', 'udpInUse')] as const;

/** `TCP: inuse 1 orphan 0 tw 0 alloc 1 mem 257`: a name, then pairs of word and number. */
export function parseSockstat(bytes: Bytes, out: SocketCounts): void {
  parse(bytes, fields4, out);
}

/** `TCP6: inuse 1` */
export function parseSockstat6(bytes: Bytes, out: SocketCounts6): void {
  parse(bytes, fields6, out);
}

function field<const Name extends string>(line: string, word: string, name: Name): Field<Name> {
  return { line: Buffer.from(line, 'latin1'), word: Buffer.from(word, 'latin1'), name };
}

function parse<Name extends string>(
  bytes: Bytes,
  fields: readonly Field<Name>[],
  out: Record<Name, number>,
): void {
  for (const { name } of fields) out[name] = NaN;
  for (let at = 0; at < bytes.length; at = nextLine(bytes, at)) {
    const line = at;
    for (;;) {
      at = skipBlanks(bytes, skipWord(bytes, at));
      if (at >= bytes.length || bytes.data[at] === newline) break;
      const word = at;
      at = skipBlanks(bytes, skipWord(bytes, at));
      for (const wanted of fields) {
        if (!isAt(bytes, line, wanted.line) || !isAt(bytes, word, wanted.word)) continue;
        if (skipWord(bytes, word) - word !== wanted.word.length) continue;
        out[wanted.name] = parseNumber(bytes, at);
      }
    }
  }
}
