/** What is known of one file of a log: which of its rows were seen. */
import { crc32 } from 'node:zlib';
import type { StoredRow } from '../pipeline.ts';
import type { Generation } from '../writers/ledger.ts';
import { lineContent } from '../writers/line.ts';
import type { LogSpec } from '../writers/log-place.ts';
import { Bitmap } from './bitmap.ts';
import { expectedRows, type ExpectedRow } from './expected-rows.ts';
import type { VerdictBuilder } from './verdict.ts';

export class GenerationCheck {
  readonly spec: LogSpec;
  readonly generation: Generation;
  readonly #verdict: VerdictBuilder;
  /** By place in the order of expected rows. */
  readonly #seen = new Bitmap();
  /** Lines found whole, but not where they belong. */
  readonly #elsewhere = new Bitmap();

  constructor(spec: LogSpec, generation: Generation, verdict: VerdictBuilder) {
    this.spec = spec;
    this.generation = generation;
    this.#verdict = verdict;
  }

  /** To be given the rows of one stored file, in their order. */
  pass(): FilePass {
    return new FilePass(this, this.#verdict);
  }

  /** @returns whether it was seen before */
  mark(ordinal: number): boolean {
    return this.#seen.add(ordinal);
  }

  markElsewhere(number: number): boolean {
    return this.#elsewhere.add(number - this.generation.first);
  }

  /** Counts what was never seen. Last of all. */
  finish(): void {
    const { verdict } = this.#verdict;
    let ordinal = 0;
    const lateUnits = new Set<number>();
    for (const row of expectedRows(this.spec, this.generation)) {
      verdict.lines += 1;
      if (row.isLate) lateUnits.add(row.unitStart);
      else if (!this.#seen.has(ordinal) && !this.#isElsewhere(row)) {
        this.#verdict.count('missing', () => `${this.name}: line ${row.number} at ${row.position}`);
      }
      ordinal += 1;
    }
    verdict.late += lateUnits.size;
  }

  get name(): string {
    const { spec, generation } = this;
    return `${spec.place.host} ${spec.format} ${spec.writer}/${spec.file} file ${generation.generation}`;
  }

  #isElsewhere({ number }: ExpectedRow): boolean {
    return this.#elsewhere.has(number - this.generation.first);
  }
}

/** Rows of one stored file beside those that are expected. */
export class FilePass {
  readonly #check: GenerationCheck;
  readonly #verdict: VerdictBuilder;
  readonly #expected: Generator<ExpectedRow, void, undefined>;
  #next: ExpectedRow | undefined;
  #last: ExpectedRow | undefined;
  #ordinal = -1;
  #highest = 0;

  constructor(check: GenerationCheck, verdict: VerdictBuilder) {
    this.#check = check;
    this.#verdict = verdict;
    this.#expected = expectedRows(check.spec, check.generation);
    this.#advance();
  }

  take(row: StoredRow): void {
    const number = ownNumber(row, this.#check.spec);
    this.#judge(row, number);
    if (number !== null) this.#highest = Math.max(this.#highest, number);
  }

  #judge(row: StoredRow, number: number | null): void {
    const position = row.position ?? this.#positionOf(number);
    while (this.#next && this.#next.position < position) this.#advance();
    const expected = this.#next;
    const isThere = expected?.position === position;
    if (!hasLabelsOf(row, this.#check)) {
      this.#verdict.count('altered', () => `${this.#of(row)}: labels of another log`);
      // It is there, if under another name.
      if (isThere) this.#check.mark(this.#ordinal);
    } else if (isThere) this.#compare(row, number, expected);
    else if (!isWithinLate(position, expected, this.#last)) this.#judgeStray(row, number);
  }

  #compare(row: StoredRow, number: number | null, expected: ExpectedRow): void {
    const isSame = row.crc === expected.crc && row.length === expected.length;
    if (!isSame && expected.isLate) return;
    if (!isSame && this.#isWhole(row, number)) {
      this.#judgeStray(row, number);
      return;
    }
    const isRepeated = this.#check.mark(this.#ordinal);
    if (isRepeated) this.#verdict.count('doubled', () => this.#of(row));
    else if (!isSame) {
      this.#verdict.count(
        'altered',
        () => `${this.#of(row)}: expected ${expected.length} bytes of line ${expected.number}`,
      );
    }
  }

  /** Not where any line begins, or where another does. */
  #judgeStray(row: StoredRow, number: number | null): void {
    if (number === null || !this.#isWhole(row, number)) {
      this.#verdict.count('altered', () => `${this.#of(row)}: no line is there`);
      return;
    }
    const isRepeated = this.#check.markElsewhere(number);
    if (isRepeated) this.#verdict.count('doubled', () => this.#of(row));
    else this.#verdict.count('disordered', () => `${this.#of(row)}: not where it was written`);
  }

  /** The row is the line that it says it is. */
  #isWhole(row: StoredRow, number: number | null): boolean {
    const { first, next } = this.#check.generation;
    if (number === null || number < first || number >= next) return false;
    const content = lineContent(this.#check.spec, number);
    return content.length === row.length && crc32(content) === row.crc;
  }

  /** Without a position in the row: where the line that it says it is was written. */
  #positionOf(number: number | null): number {
    if (number === null || number < this.#highest) return -1;
    while (this.#next && this.#next.number < number) this.#advance();
    return this.#next?.position ?? -1;
  }

  #advance(): void {
    this.#last = this.#next;
    this.#next = this.#expected.next().value ?? undefined;
    this.#ordinal += 1;
  }

  #of(row: StoredRow): string {
    const where = row.position === null ? '' : ` at ${row.position}`;
    const identity = row.identity === '' ? '' : ` says ${row.identity}`;
    return `${this.#check.name}, stored as ${row.file}${where}${identity} (${row.length} bytes)`;
  }
}

function ownNumber(row: StoredRow, spec: LogSpec): number | null {
  const [writer, file, number] = row.identity.split('/').map(Number);
  return writer === spec.writer && file === spec.file && number !== undefined ? number : null;
}

function hasLabelsOf(row: StoredRow, { generation }: GenerationCheck): boolean {
  const { host, containerId, containerName } = generation.labels;
  return (
    row.host === host && row.containerId === containerId && row.containerName === containerName
  );
}

function isWithinLate(position: number, ...around: (ExpectedRow | undefined)[]): boolean {
  return around.some(
    (row) => row?.isLate === true && position >= row.unitStart && position < row.unitEnd,
  );
}
