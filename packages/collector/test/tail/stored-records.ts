import { cutRecords, decodeRecords, type LogRecord } from '@plimsoll/model';

/** What ingest would keep of chunks of records: those parts of a range that are not stored yet. */
export class StoredRecords {
  readonly #files = new Map<string, { records: LogRecord[]; ranges: [number, number][] }>();
  /** Of all frames, as they came. */
  readonly payloads: Buffer[] = [];

  add(fileId: string, { start, end }: { start: number; end: number }, payload: Buffer): void {
    this.payloads.push(payload);
    const file = this.#files.get(fileId) ?? { records: [], ranges: [] };
    this.#files.set(fileId, file);
    for (const [from, to] of missing([start, end], file.ranges)) {
      const cut = cutRecords(payload, { start: from, end: to });
      file.records.push(...decodeRecords(cut.payload));
      file.ranges.push([from, to]);
      file.ranges.sort((a, b) => a[0] - b[0]);
    }
  }

  /** Of one file after the other, by position. */
  records(): LogRecord[] {
    return [...this.#files.values()].flatMap(({ records }) =>
      records.toSorted((a, b) => a.position - b.position),
    );
  }

  lines(): string[] {
    return this.records().flatMap(({ text }) => text.toString('utf8').split('\n'));
  }
}

function missing(
  [start, end]: [number, number],
  stored: readonly [number, number][],
): [number, number][] {
  const left: [number, number][] = [];
  let from = start;
  for (const [known, knownEnd] of stored) {
    if (knownEnd <= from || known >= end) continue;
    if (known > from) left.push([from, known]);
    from = knownEnd;
  }
  if (from < end) left.push([from, end]);
  return left;
}
