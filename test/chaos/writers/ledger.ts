/**
 * What a writer has completely written, kept so that a kill -9 of it loses nothing: entries are
 * appended, and whatever lies in the file beyond the last one is found again by reading on.
 *
 *     start  a file was made, empty              end    it was rotated away
 *     at     so far all is in the file           torn   a unit was left unfinished, and ended so
 *     late   a unit was left open for so long that a collector may have let its parts go
 *     final  the writer stopped in order
 */
import { closeSync, fstatSync, openSync, readFileSync, writeSync } from 'node:fs';

export type LedgerEntry =
  | {
      kind: 'start';
      generation: number;
      /** Number of its first line. */
      first: number;
      inode: number;
      labels: LogLabels;
    }
  | { kind: 'end'; generation: number; next: number; bytes: number; atMs: number }
  | { kind: 'at'; generation: number; next: number; bytes: number; atMs: number }
  | { kind: 'torn'; generation: number; number: number; kept: number }
  | { kind: 'late'; generation: number; number: number }
  | { kind: 'final'; next: number };

/** What rows of a log must say of where they come from. */
export interface LogLabels {
  host: string;
  containerId: string;
  containerName: string;
}

/** One file of a log: rotation makes the next. */
export interface Generation {
  generation: number;
  first: number;
  /** Number after its last line. */
  next: number;
  bytes: number;
  labels: LogLabels;
  inode: number;
  isEnded: boolean;
  endedAtMs: number;
  /** Bytes kept of a torn unit, by the number of its first line. */
  torn: ReadonlyMap<number, number>;
  late: ReadonlySet<number>;
}

export class Ledger {
  readonly #descriptor: number;

  constructor(path: string) {
    this.#descriptor = openSync(path, 'a+');
    // Of a write that was cut short only whole lines count.
    const { size } = fstatSync(this.#descriptor);
    if (size > 0 && !readFileSync(path, 'utf8').endsWith('\n')) writeSync(this.#descriptor, '\n');
  }

  append(entry: LedgerEntry): void {
    writeSync(this.#descriptor, `${JSON.stringify(entry)}\n`);
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

export interface ReadLedger {
  generations: Generation[];
  /** The writer stopped in order: what is written is what the ledger says. */
  isFinal: boolean;
}

export function readLedger(path: string): ReadLedger {
  const generations: (Generation & { torn: Map<number, number>; late: Set<number> })[] = [];
  let isFinal = false;
  for (const entry of entriesOf(readFileSync(path, 'utf8'))) {
    isFinal = entry.kind === 'final';
    const last = generations.at(-1);
    if (entry.kind === 'start') {
      const { generation, first, inode, labels } = entry;
      generations.push({
        generation,
        first,
        inode,
        labels,
        next: first,
        bytes: 0,
        isEnded: false,
        endedAtMs: 0,
        torn: new Map(),
        late: new Set(),
      });
    } else if (!last || entry.kind === 'final') continue;
    else if (entry.kind === 'torn') last.torn.set(entry.number, entry.kept);
    else if (entry.kind === 'late') last.late.add(entry.number);
    else {
      last.next = entry.next;
      last.bytes = entry.bytes;
      if (entry.kind === 'end') {
        last.isEnded = true;
        last.endedAtMs = entry.atMs;
      }
    }
  }
  return { generations, isFinal };
}

function* entriesOf(text: string): Generator<LedgerEntry> {
  for (const line of text.split('\n')) {
    if (line === '') continue;
    try {
      // Written by this file alone.
      yield JSON.parse(line) as LedgerEntry;
    } catch {
      // Cut short by a kill: what it would say is found in the log itself.
    }
  }
}
