import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

export interface TestHistogram {
  /** 64-bit counts are integers unless `isFloat`. */
  isFloat?: boolean;
  count: number;
  sum: number;
  schema: number;
  zeroThreshold?: number;
  zeroCount?: number;
  positiveSpans?: [offset: number, length: number][];
  /** Absolute counts: written as deltas, or as they are when `isFloat`. */
  positive?: number[];
  negativeSpans?: [offset: number, length: number][];
  negative?: number[];
  customValues?: number[];
  timeMs: number;
}

export interface TestSeries {
  labels: [name: string | Uint8Array, value: string | Uint8Array][];
  samples?: [timeMs: number, value: number][];
  histograms?: TestHistogram[];
  exemplars?: number;
  /** Of 2.0. */
  metadata?: { type?: number; help?: string; unit?: string };
}

export interface TestMetadata {
  type: number;
  family: string;
  help?: string;
  unit?: string;
}

const { LengthDelimited, Varint, Bit64 } = WireType;

/** prometheus.WriteRequest */
export function writeRequest(series: readonly TestSeries[], metadata: TestMetadata[] = []): Buffer {
  const request = new BinaryWriter();
  for (const one of series) {
    const writer = new BinaryWriter();
    for (const [name, value] of one.labels) {
      const label = new BinaryWriter();
      label.tag(1, LengthDelimited).bytes(bytesOf(name));
      label.tag(2, LengthDelimited).bytes(bytesOf(value));
      message(writer, 1, label);
    }
    values(writer, one, { exemplar: 3, histogram: 4 });
    message(request, 1, writer);
  }
  for (const { type, family, help = '', unit = '' } of metadata) {
    const writer = new BinaryWriter().tag(1, Varint).int32(type);
    writer.tag(2, LengthDelimited).string(family);
    writer.tag(4, LengthDelimited).string(help).tag(5, LengthDelimited).string(unit);
    message(request, 3, writer);
  }
  return Buffer.from(request.finish());
}

/** io.prometheus.write.v2.Request */
export function requestV2(series: readonly TestSeries[]): Buffer {
  const symbols = ['']; // As the protocol has it.
  const refOf = (text: string | Uint8Array): number => {
    const known = symbols.indexOf(String(text));
    return known >= 0 ? known : symbols.push(String(text)) - 1;
  };
  const bodies = series.map((one) => {
    const writer = new BinaryWriter();
    const refs = new BinaryWriter();
    for (const label of one.labels) for (const text of label) refs.uint32(refOf(text));
    message(writer, 1, refs);
    values(writer, one, { exemplar: 4, histogram: 3 });
    if (one.metadata) {
      const { type = 0, help = '', unit = '' } = one.metadata;
      const metadata = new BinaryWriter().tag(1, Varint).int32(type);
      message(
        writer,
        5,
        metadata.tag(3, Varint).uint32(refOf(help)).tag(4, Varint).uint32(refOf(unit)),
      );
    }
    return writer;
  });
  const request = new BinaryWriter();
  for (const symbol of symbols) request.tag(4, LengthDelimited).string(symbol);
  for (const body of bodies) message(request, 5, body);
  return Buffer.from(request.finish());
}

function values(
  writer: BinaryWriter,
  { samples = [], histograms = [], exemplars = 0 }: TestSeries,
  fields: { exemplar: number; histogram: number },
): void {
  for (const [timeMs, value] of samples) {
    message(writer, 2, new BinaryWriter().tag(1, Bit64).double(value).tag(2, Varint).int64(timeMs));
  }
  for (let left = exemplars; left > 0; left -= 1) {
    message(writer, fields.exemplar, new BinaryWriter().tag(2, Bit64).double(1));
  }
  for (const histogram of histograms) message(writer, fields.histogram, histogramOf(histogram));
}

function histogramOf(histogram: TestHistogram): BinaryWriter {
  const { isFloat = false, count, sum, schema, zeroThreshold = 0, zeroCount = 0 } = histogram;
  const writer = new BinaryWriter();
  if (isFloat) writer.tag(2, Bit64).double(count);
  else writer.tag(1, Varint).uint64(count);
  writer
    .tag(3, Bit64)
    .double(sum)
    .tag(4, Varint)
    .sint32(schema)
    .tag(5, Bit64)
    .double(zeroThreshold);
  if (isFloat) writer.tag(7, Bit64).double(zeroCount);
  else writer.tag(6, Varint).uint64(zeroCount);
  side(writer, { first: 8, spans: histogram.negativeSpans, counts: histogram.negative, isFloat });
  side(writer, { first: 11, spans: histogram.positiveSpans, counts: histogram.positive, isFloat });
  writer.tag(15, Varint).int64(histogram.timeMs);
  const custom = new BinaryWriter();
  for (const bound of histogram.customValues ?? []) custom.double(bound);
  if (histogram.customValues) message(writer, 16, custom);
  return writer;
}

interface TestSide {
  first: number;
  spans: [offset: number, length: number][] | undefined;
  counts: number[] | undefined;
  isFloat: boolean;
}

function side(writer: BinaryWriter, { first, spans = [], counts = [], isFloat }: TestSide): void {
  for (const [offset, length] of spans) {
    message(
      writer,
      first,
      new BinaryWriter().tag(1, Varint).sint32(offset).tag(2, Varint).uint32(length),
    );
  }
  const packed = new BinaryWriter();
  for (const [index, count] of counts.entries()) {
    if (isFloat) packed.double(count);
    else packed.sint64(count - (counts[index - 1] ?? 0));
  }
  if (counts.length > 0) message(writer, isFloat ? first + 2 : first + 1, packed);
}

function message(writer: BinaryWriter, field: number, content: BinaryWriter): void {
  writer.tag(field, LengthDelimited).bytes(content.finish());
}

function bytesOf(text: string | Uint8Array): Uint8Array {
  return typeof text === 'string' ? Buffer.from(text) : text;
}
