/**
 * Compares what ledgers promise with what is stored. Memory: one bit for each line, and the rows at
 * the head of one file that do not say which they are.
 */
import type { StoredRow } from '../pipeline.ts';
import type { ReadLedger } from '../writers/ledger.ts';
import type { LogSpec } from '../writers/log-place.ts';
import { GenerationCheck, type FilePass } from './generation-check.ts';
import { VerdictBuilder, type Verdict } from './verdict.ts';

export interface WrittenLog {
  spec: LogSpec;
  ledger: ReadLedger;
}

/** Rows of a file that is not known yet: more of them are not kept. */
const maxUnknown = 10_000;

/** @param rows see {@link Pipeline.readRows} */
export async function checkRows(
  logs: readonly WrittenLog[],
  rows: AsyncIterable<readonly StoredRow[]>,
): Promise<Verdict> {
  const builder = new VerdictBuilder();
  const checks = new Checks(logs, builder);
  let file = new StoredFile('', checks, builder);
  for await (const some of rows) {
    for (const row of some) {
      builder.verdict.rows += 1;
      if (row.file !== file.name) {
        file.finish();
        file = new StoredFile(row.file, checks, builder);
      }
      file.take(row);
    }
  }
  file.finish();
  checks.finish();
  return builder.verdict;
}

class Checks {
  readonly #byLog = new Map<string, GenerationCheck[]>();

  constructor(logs: readonly WrittenLog[], builder: VerdictBuilder) {
    for (const { spec, ledger } of logs) {
      const checks = ledger.generations.map(
        (generation) => new GenerationCheck(spec, generation, builder),
      );
      this.#byLog.set(`${spec.writer}/${spec.file}`, checks);
    }
  }

  /** Of the line that a row says it is. */
  find(identity: string): GenerationCheck | undefined {
    const [writer, file, number] = identity.split('/');
    const line = Number(number);
    return this.#byLog
      .get(`${writer}/${file}`)
      ?.find(({ generation }) => line >= generation.first && line < generation.next);
  }

  finish(): void {
    for (const checks of this.#byLog.values()) for (const check of checks) check.finish();
  }
}

/** Which file of which log it is shows with the first row that says what it is. */
class StoredFile {
  readonly name: string;
  readonly #checks: Checks;
  readonly #builder: VerdictBuilder;
  #pass: FilePass | null = null;
  #unknown: StoredRow[] = [];

  constructor(name: string, checks: Checks, builder: VerdictBuilder) {
    this.name = name;
    this.#checks = checks;
    this.#builder = builder;
  }

  take(row: StoredRow): void {
    this.#pass ??= this.#recognise(row);
    if (this.#pass) this.#pass.take(row);
    else if (this.#unknown.length < maxUnknown) this.#unknown.push(row);
    else this.#countUnknown(row);
  }

  finish(): void {
    for (const row of this.#unknown) this.#countUnknown(row);
    this.#unknown = [];
  }

  #recognise(row: StoredRow): FilePass | null {
    const pass = row.identity === '' ? undefined : this.#checks.find(row.identity)?.pass();
    if (!pass) return null;
    for (const earlier of this.#unknown) pass.take(earlier);
    this.#unknown = [];
    return pass;
  }

  #countUnknown({ file, position, length, identity }: StoredRow): void {
    this.#builder.count(
      'altered',
      () => `${file} at ${position ?? '?'}: ${length} bytes of no log (says "${identity}")`,
    );
  }
}
