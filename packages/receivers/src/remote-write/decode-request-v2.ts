/**
 * io.prometheus.write.v2.Request, of remote write 2.0:
 *
 *     Request    = 4 symbols, 5 TimeSeries
 *     TimeSeries = 1 labels_refs (name, value, name, value, …), 2 Sample, 3 Histogram, 4 Exemplar,
 *                  5 Metadata, 6 created_timestamp (not kept)
 *     Metadata   = 1 type, 3 help_ref, 4 unit_ref
 *
 * A reference is an index into the symbols. Symbols may come after the series that name them.
 *
 * References differ from request to request. So each text has a number for as long as the receiver
 * remembers it, and a series is looked up by the numbers of its labels.
 */
import { isUtf8 } from 'node:buffer';
import { tooLarge, type BatchBuilder } from '../metrics/batch-builder.ts';
import { familyOf } from '../metrics/family-name.ts';
import { Generations } from '../metrics/generations.ts';
import type { SeriesIdentity } from '../metrics/metrics-batch.ts';
import { describeLabels, type Label } from '../metrics/series-identity.ts';
import { ProtobufReader, tagOf, wire } from '../protobuf/protobuf-reader.ts';
import { metricTypeOf } from './metric-type.ts';
import { SeriesReading } from './read-samples.ts';

/** Texts with their numbers; a number is never given twice. */
export class TextNumbers {
  readonly #numbers: Generations<string, number>;
  #next = 0;

  /** @param maxTexts default 200,000, some tens of megabytes */
  constructor(maxTexts = 200_000) {
    this.#numbers = new Generations(maxTexts);
  }

  of(text: string): number {
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    this.#numbers.set(text, this.#next);
    return this.#next++;
  }
}

/** @throws {ReceiverError} `invalid_body`, `body_too_large` */
export function decodeRequestV2(body: Buffer, builder: BatchBuilder, numbers: TextNumbers): void {
  const symbols = readSymbols(body, builder.limits.maxSymbols, numbers);
  const reader = new ProtobufReader(body);
  const decoder = new SeriesDecoder(reader, symbols, builder);
  while (reader.isBefore(body.length)) {
    if (reader.tag() === tagOf(5, wire.bytes)) decoder.read();
    else reader.skip();
  }
}

/** Texts that become strings when they are used: places in the body until then. */
class Symbols {
  readonly #body: Buffer;
  readonly #textNumbers: TextNumbers;
  #places = new Uint32Array(2048);
  readonly #texts: (string | undefined)[] = [];
  readonly #numbers: (number | undefined)[] = [];
  size = 0;

  constructor(body: Buffer, textNumbers: TextNumbers) {
    this.#body = body;
    this.#textNumbers = textNumbers;
  }

  add(start: number, end: number): void {
    if (this.size * 2 === this.#places.length) {
      const places = new Uint32Array(this.#places.length * 2);
      places.set(this.#places);
      this.#places = places;
    }
    this.#places[this.size * 2] = start;
    this.#places[this.size * 2 + 1] = end;
    this.size += 1;
  }

  /** Undefined: there is no such symbol, or it is not UTF-8. */
  at(index: number): string | undefined {
    const known = this.#texts[index];
    if (known !== undefined || !(index < this.size)) return known;
    const part = this.#body.subarray(this.#places[index * 2], this.#places[index * 2 + 1]);
    if (!isUtf8(part)) return undefined;
    return (this.#texts[index] = part.toString());
  }

  /** The text's number; undefined as above. */
  numberOf(index: number): number | undefined {
    const known = this.#numbers[index];
    if (known !== undefined) return known;
    const text = this.at(index);
    return text === undefined ? undefined : (this.#numbers[index] = this.#textNumbers.of(text));
  }

  problemOf(index: number): string {
    return index < this.size
      ? `expected UTF-8 in symbol ${index}`
      : `expected references to ${this.size} symbols, got ${index}`;
  }
}

function readSymbols(body: Buffer, maxSymbols: number, numbers: TextNumbers): Symbols {
  const symbols = new Symbols(body, numbers);
  const reader = new ProtobufReader(body);
  while (reader.isBefore(body.length)) {
    const isSymbol = reader.tag() === tagOf(4, wire.bytes);
    if (!isSymbol) {
      reader.skip();
      continue;
    }
    if (symbols.size === maxSymbols) throw tooLarge(maxSymbols, 'symbols');
    const end = reader.enter();
    symbols.add(reader.position, end);
    reader.position = end;
  }
  return symbols;
}

class SeriesDecoder {
  readonly #reader: ProtobufReader;
  readonly #symbols: Symbols;
  readonly #builder: BatchBuilder;
  readonly #reading: SeriesReading;
  readonly #refs: number[] = [];
  #type = 0;
  #helpRef = 0;
  #unitRef = 0;

  constructor(reader: ProtobufReader, symbols: Symbols, builder: BatchBuilder) {
    this.#reader = reader;
    this.#symbols = symbols;
    this.#builder = builder;
    this.#reading = new SeriesReading(builder, reader);
  }

  /** At a TimeSeries. */
  read(): void {
    const reader = this.#reader;
    const reading = this.#reading;
    reading.begin();
    this.#refs.length = 0;
    this.#type = this.#helpRef = this.#unitRef = 0;
    const end = reader.enter();
    while (reader.isBefore(end)) this.#field(reader.tag());
    if (reading.isEmpty) {
      reading.finish(null);
      return;
    }
    const series = this.#series();
    reading.finish(series);
    if (typeof series !== 'string') this.#describe(series);
  }

  #field(tag: number): void {
    const reader = this.#reader;
    switch (tag) {
      case tagOf(1, wire.bytes): {
        const end = reader.enter();
        while (reader.isBefore(end)) this.#addRef(reader.varint());
        break;
      }
      case tagOf(1, wire.varint):
        this.#addRef(reader.varint());
        break;
      case tagOf(2, wire.bytes):
        this.#reading.sample();
        break;
      case tagOf(3, wire.bytes):
        this.#reading.histogram();
        break;
      case tagOf(4, wire.bytes):
        this.#reading.exemplar();
        break;
      case tagOf(5, wire.bytes):
        this.#metadata();
        break;
      default:
        reader.skip();
    }
  }

  /** One pair more than may be shows that there are too many. */
  #addRef(ref: number): void {
    if (this.#refs.length < (this.#builder.limits.maxLabels + 1) * 2) this.#refs.push(ref);
  }

  #metadata(): void {
    const reader = this.#reader;
    const end = reader.enter();
    while (reader.isBefore(end)) {
      switch (reader.tag()) {
        case tagOf(1, wire.varint):
          this.#type = reader.varint();
          break;
        case tagOf(3, wire.varint):
          this.#helpRef = reader.varint();
          break;
        case tagOf(4, wire.varint):
          this.#unitRef = reader.varint();
          break;
        default:
          reader.skip();
      }
    }
  }

  /** The identity, or what is wrong. */
  #series(): SeriesIdentity | string {
    const refs = this.#refs;
    // Begins as no other key does.
    const units = [0];
    for (const ref of refs) {
      const number = this.#symbols.numberOf(ref);
      if (number === undefined) return `${this.#described()}: ${this.#symbols.problemOf(ref)}`;
      units.push(Math.floor(number / 0x1_0000_0000), number >>> 16, number & 0xffff);
    }
    const key = String.fromCharCode(...units);
    const known = this.#builder.recall(key);
    if (known) return known;
    if (refs.length % 2 === 1) {
      return `${this.#described()}: expected references in pairs, got ${refs.length}`;
    }
    return this.#builder.identify(key, this.#labels());
  }

  #labels(): Label[] {
    const labels: Label[] = [];
    for (let at = 0; at + 1 < this.#refs.length; at += 2) {
      const name = this.#symbols.at(this.#refs[at] ?? 0) ?? '';
      labels.push([name, this.#symbols.at(this.#refs[at + 1] ?? 0) ?? '']);
    }
    return labels;
  }

  #described(): string {
    return describeLabels(this.#labels());
  }

  /** Its metric's metadata, once in a request. */
  #describe({ metricName }: SeriesIdentity): void {
    const type = metricTypeOf(this.#type);
    const family = familyOf(metricName, type);
    const help = this.#symbols.at(this.#helpRef) ?? '';
    const unit = this.#symbols.at(this.#unitRef) ?? '';
    if (type === '' && help === '' && unit === '') return;
    if (!this.#builder.hasFamily(family)) this.#builder.addFamily({ family, type, unit, help });
  }
}
