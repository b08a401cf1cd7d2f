/** The rows that a file of a log must become, from its ledger: a pure function, one unit at a time. */
import { crc32 } from 'node:zlib';
import { parseRecords } from '../writers/parse-records.ts';
import { repairOf } from '../writers/torn-unit.ts';
import { unitAt, type Unit, type UnitSource } from '../writers/unit.ts';
import type { Generation } from '../writers/ledger.ts';

export interface ExpectedRow {
  /** Line that it is of; of a torn unit, the unit's first. */
  number: number;
  /** In the file. */
  position: number;
  crc: number;
  length: number;
  /** It was open for so long that a collector may let its parts go: then its rows are not judged. */
  isLate: boolean;
  /** Bytes of the unit that it is in: from and to, in the file. */
  unitStart: number;
  unitEnd: number;
}

/** In the order of their positions. */
export function* expectedRows(
  source: UnitSource,
  generation: Generation,
): Generator<ExpectedRow, void, undefined> {
  let start = 0;
  for (let number = generation.first; number < generation.next;) {
    const unit = unitAt(source, number);
    const kept = generation.torn.get(number);
    const bytes = kept === undefined ? unit.bytes : endedBytes(source, unit, kept);
    const texts = kept === undefined ? whole(unit) : torn(source, unit, bytes);
    const isLate = generation.late.has(number);
    const unitEnd = start + bytes.length;
    for (const { number: of, offset, text } of texts) {
      yield {
        number: of,
        position: start + offset,
        crc: crc32(text),
        length: text.length,
        isLate,
        unitStart: start,
        unitEnd,
      };
    }
    start = unitEnd;
    number += unit.records.length;
  }
}

interface ExpectedText {
  number: number;
  offset: number;
  text: Buffer;
}

function whole(unit: Unit): ExpectedText[] {
  return unit.records.map(({ number, offset, content }) => ({ number, offset, text: content }));
}

function torn(source: UnitSource, unit: Unit, bytes: Buffer): ExpectedText[] {
  const { number } = unit;
  return parseRecords(source.format, bytes).map(({ position, text }) => {
    return { number, offset: position, text };
  });
}

function endedBytes(source: UnitSource, unit: Unit, kept: number): Buffer {
  const repair = repairOf(source, unit, kept) ?? unit.bytes.subarray(kept);
  return Buffer.concat([unit.bytes.subarray(0, kept), repair]);
}
