/**
 * Writes one log: units in the order of their numbers, rotation, and a ledger that never says more
 * than the file holds. Opened again after a kill -9 it finds in the file what the ledger lacks.
 */
import { closeSync, existsSync, fstatSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { isTiny, lineContent } from './line.ts';
import { Ledger, readLedger, type Generation } from './ledger.ts';
import { labelsOf, logPath, makePlace, type LogSpec } from './log-place.ts';
import { canRotate, compressOlder, rotatedFiles, rotateAway } from './rotation.ts';
import { repairOf } from './torn-unit.ts';
import { unitAt, type Unit } from './unit.ts';

export interface LogWriterOptions {
  spec: LogSpec;
  ledgerPath: string;
  /** Bytes that a file is rotated at. */
  rotateBytes: number;
  nowMs?: () => number;
}

/** The collector lets parts go that have waited for five seconds; a little before that. */
const openTooLongMs = 4000;
/** How often the ledger says how far the file is. */
const noteIntervalMs = 500;

export class LogWriter {
  readonly #spec: LogSpec;
  readonly #options: LogWriterOptions;
  readonly #ledger: Ledger;
  readonly #path: string;
  readonly #nowMs: () => number;
  #descriptor = -1;
  #generation = 0;
  #next = 1;
  #bytes = 0;
  #notedAtMs = 0;
  /** Lines that are completely in files, of all lives. */
  written = 0;

  private constructor(options: LogWriterOptions) {
    this.#options = options;
    this.#spec = options.spec;
    this.#path = logPath(options.spec);
    this.#nowMs = options.nowMs ?? Date.now;
    this.#ledger = new Ledger(options.ledgerPath);
  }

  /** Begins the log, or goes on with that of an earlier life. */
  static async open(options: LogWriterOptions): Promise<LogWriter> {
    const writer = new LogWriter(options);
    makePlace(options.spec);
    const last = readLedger(options.ledgerPath).generations.at(-1);
    if (last) await writer.#goOn(last);
    else writer.#begin(1, writer.#nextUntiny(1));
    return writer;
  }

  /** Whole units from the next number on, as bytes, until there are so many lines. */
  take(lines: number): Unit[] {
    const units: Unit[] = [];
    let number = this.#next;
    while (number < this.#next + lines) {
      const unit = unitAt(this.#spec, number);
      units.push(unit);
      number += unit.records.length;
    }
    return units;
  }

  /** The bytes of the units up to one of them. The rest must follow with the next write. */
  write(bytes: Buffer): void {
    for (let at = 0; at < bytes.length;) at += writeSync(this.#descriptor, bytes, at);
  }

  /** All bytes of the units are in the file. */
  commit(units: readonly Unit[], openMs = 0): void {
    for (const unit of units) {
      this.#next = unit.number + unit.records.length;
      this.#bytes += unit.bytes.length;
      this.written += unit.records.length;
    }
    const last = units.at(-1);
    if (last && openMs >= openTooLongMs) this.#noteLate(last.number);
    if (this.#nowMs() - this.#notedAtMs >= noteIntervalMs) this.#note();
  }

  /** Where the file is long enough. */
  rotateIfDue(): boolean {
    if (this.#bytes < this.#options.rotateBytes) return false;
    const now = new Date(this.#nowMs());
    if (isTiny(lineContent(this.#spec, this.#next))) return false;
    if (!canRotate(this.#spec.format, this.#path, now)) return false;
    this.#end();
    this.#rotate(now);
    return true;
  }

  /** Removes the oldest rotated file when there are more than so many. */
  prune(keep: number): void {
    const files = rotatedFiles(this.#spec.format, this.#path);
    for (const file of files.slice(0, Math.max(0, files.length - keep))) rmSync(file);
  }

  get rotatedCount(): number {
    return rotatedFiles(this.#spec.format, this.#path).length;
  }

  /** The writer stops in order. */
  finish(): void {
    this.#note();
    this.#ledger.append({ kind: 'final', next: this.#next });
    this.close();
  }

  close(): void {
    if (this.#descriptor >= 0) closeSync(this.#descriptor);
    this.#descriptor = -1;
    this.#ledger.close();
  }

  #rotate(now: Date): void {
    closeSync(this.#descriptor);
    this.#descriptor = -1;
    rotateAway(this.#spec.format, this.#path, now);
    this.#begin(this.#generation + 1, this.#next);
    compressOlder(this.#spec.format, this.#path);
  }

  /** The file is made before the ledger knows of it, and written to after. */
  #begin(generation: number, first: number): void {
    this.#descriptor = openSync(this.#path, 'a', 0o644);
    this.#generation = generation;
    this.#next = first;
    this.#bytes = 0;
    const { ino: inode } = fstatSync(this.#descriptor);
    const labels = labelsOf(this.#spec);
    this.#ledger.append({ kind: 'start', generation, first, inode, labels });
  }

  #note(): void {
    this.#notedAtMs = this.#nowMs();
    this.#ledger.append({ kind: 'at', ...this.#state(), atMs: this.#notedAtMs });
  }

  #end(): void {
    this.#ledger.append({ kind: 'end', ...this.#state(), atMs: this.#nowMs() });
  }

  #noteLate(number: number): void {
    this.#ledger.append({ kind: 'late', generation: this.#generation, number });
  }

  #state(): { generation: number; next: number; bytes: number } {
    return { generation: this.#generation, next: this.#next, bytes: this.#bytes };
  }

  async #goOn(last: Generation): Promise<void> {
    this.#generation = last.generation;
    this.#next = last.next;
    this.#bytes = last.bytes;
    this.written = last.next - this.#nextUntiny(1);
    const isRotated = last.isEnded;
    const stat = existsSync(this.#path) ? statSync(this.#path) : undefined;
    if (isRotated && stat?.ino !== last.inode) {
      this.#begin(last.generation + 1, last.next);
      compressOlder(this.#spec.format, this.#path);
      return;
    }
    this.#descriptor = openSync(this.#path, 'a');
    if (isRotated) {
      // A moment after the last rotation a name may be taken for this second.
      this.#rotate(new Date(this.#nowMs() + 1000));
      return;
    }
    await this.#readOn(last, stat?.mtimeMs ?? 0);
    this.#note();
  }

  /** What the file holds after what the ledger says of it. */
  async #readOn(last: Generation, writtenAtMs: number): Promise<void> {
    const file = await readFile(this.#path);
    while (this.#bytes < file.length) {
      const rest = file.subarray(this.#bytes);
      const unit = unitAt(this.#spec, this.#next);
      const kept = last.torn.get(unit.number);
      const whole = kept === undefined ? unit.bytes : this.#ended(unit, kept);
      if (rest.length < whole.length) {
        expectPrefix(whole, rest, this.#path);
        this.#complete(unit, rest.length, { kept, openMs: this.#nowMs() - writtenAtMs });
        return;
      }
      expectPrefix(rest, whole, this.#path);
      this.#pass(unit, whole.length);
    }
  }

  /** Ends what was left unfinished: the ledger first, so that a kill in between is known of too. */
  #complete(unit: Unit, there: number, torn: { kept: number | undefined; openMs: number }): void {
    if (torn.openMs >= openTooLongMs) this.#noteLate(unit.number);
    const kept = torn.kept ?? there;
    const isRepaired = repairOf(this.#spec, unit, kept) !== null;
    const { number } = unit;
    if (torn.kept === undefined && isRepaired) {
      this.#ledger.append({ kind: 'torn', generation: this.#generation, number, kept });
    }
    const whole = isRepaired ? this.#ended(unit, kept) : unit.bytes;
    this.write(whole.subarray(there));
    this.#pass(unit, whole.length);
  }

  #ended(unit: Unit, kept: number): Buffer {
    const repair = repairOf(this.#spec, unit, kept) ?? unit.bytes.subarray(kept);
    return Buffer.concat([unit.bytes.subarray(0, kept), repair]);
  }

  #pass(unit: Unit, bytes: number): void {
    this.#bytes += bytes;
    this.#next = unit.number + unit.records.length;
    this.written += unit.records.length;
  }

  #nextUntiny(from: number): number {
    let number = from;
    while (isTiny(lineContent(this.#spec, number))) number += 1;
    return number;
  }
}

function expectPrefix(whole: Buffer, prefix: Buffer, path: string): void {
  if (whole.subarray(0, prefix.length).equals(prefix)) return;
  throw new Error(`${path}: expected what this writer writes, got something else`);
}
