/**
 * OTLP's AnyValue (opentelemetry-proto, common.proto) as text, from protobuf and from JSON:
 *
 * ```
 * string            as it is                 bytes       base64
 * bool, int, double as JSON writes them      NaN, ±Inf   NaN, Infinity, -Infinity
 * array, kvlist     JSON, all of this within
 * nothing           empty
 * ```
 */
import { ProtobufReader, tagOf, wire } from '../protobuf/protobuf-reader.ts';
import { invalidBody } from '../receiver-error.ts';
import { jsonArray, jsonObject, jsonText } from './json-fields.ts';
import { Nesting } from './nesting.ts';

export type PlainValue =
  string | number | boolean | null | PlainValue[] | { [key: string]: PlainValue };

export function textOf(value: PlainValue): string {
  if (typeof value === 'string') return value;
  return value === null ? '' : JSON.stringify(value);
}

/** At a field of type AnyValue; `nesting` is that of the value around it. */
export function readAnyValue(reader: ProtobufReader, nesting?: Nesting): PlainValue {
  const end = reader.enter();
  let value: PlainValue = null;
  while (reader.isBefore(end)) {
    switch (reader.tag()) {
      case tagOf(1, wire.bytes):
        value = reader.string();
        break;
      case tagOf(2, wire.varint):
        value = reader.boolean();
        break;
      case tagOf(3, wire.varint):
        value = wholeNumber(reader.int64Exact());
        break;
      case tagOf(4, wire.fixed64):
        value = finite(reader.double());
        break;
      case tagOf(5, wire.bytes):
        value = readArray(reader, nesting ?? new Nesting());
        break;
      case tagOf(6, wire.bytes):
        value = readKeyValueList(reader, nesting ?? new Nesting());
        break;
      case tagOf(7, wire.bytes):
        value = reader.bytes().toString('base64');
        break;
      default:
        reader.skip();
    }
  }
  return value;
}

function readArray(reader: ProtobufReader, nesting: Nesting): PlainValue[] {
  const values: PlainValue[] = [];
  const end = reader.enter();
  while (reader.isBefore(end)) {
    if (reader.tag() === tagOf(1, wire.bytes)) {
      nesting.enter();
      values.push(readAnyValue(reader, nesting));
      nesting.leave();
    } else {
      reader.skip();
    }
  }
  return values;
}

function readKeyValueList(reader: ProtobufReader, nesting: Nesting): PlainValue {
  const values = emptyObject();
  const end = reader.enter();
  while (reader.isBefore(end)) {
    if (reader.tag() === tagOf(1, wire.bytes)) {
      nesting.enter();
      const [key, value] = readKeyAndValue(reader, nesting);
      values[key] = value;
      nesting.leave();
    } else {
      reader.skip();
    }
  }
  return values;
}

/** At a field of type KeyValue. */
export function readKeyAndValue(
  reader: ProtobufReader,
  nesting?: Nesting,
): [key: string, value: PlainValue] {
  let key = '';
  let value: PlainValue = null;
  const end = reader.enter();
  while (reader.isBefore(end)) {
    switch (reader.tag()) {
      case tagOf(1, wire.bytes):
        key = reader.string();
        break;
      case tagOf(2, wire.bytes):
        value = readAnyValue(reader, nesting);
        break;
      default:
        reader.skip();
    }
  }
  return [key, value];
}

/** Of `{"stringValue": …}` and its siblings; null and an empty object are no value. */
export function anyValueOfJson(json: unknown, path: string, nesting?: Nesting): PlainValue {
  if (json === undefined || json === null) return null;
  const value = jsonObject(json, path);
  for (const [kind, read] of Object.entries(jsonKinds)) {
    const given = value[kind];
    if (given !== undefined && given !== null) return read(given, `${path}.${kind}`, nesting);
  }
  return null;
}

type JsonKind = (given: unknown, path: string, nesting: Nesting | undefined) => PlainValue;

const jsonKinds: Readonly<Record<string, JsonKind>> = {
  stringValue: (given, path) => jsonText(given, path),
  boolValue: (given, path) => {
    if (typeof given === 'boolean') return given;
    throw expected(path, 'true or false', given);
  },
  intValue: (given, path) => {
    if (typeof given === 'number' && Number.isInteger(given)) return given;
    if (typeof given === 'string' && /^-?\d{1,19}$/.test(given)) return wholeNumber(BigInt(given));
    throw expected(path, 'a whole number', given);
  },
  doubleValue: (given, path) => {
    if (typeof given === 'number') return finite(given);
    const value = typeof given === 'string' && given !== '' ? Number(given) : NaN;
    if (Number.isNaN(value) && given !== 'NaN') throw expected(path, 'a number', given);
    return finite(value);
  },
  arrayValue: (given, path, around) => {
    const nesting = around ?? new Nesting();
    return jsonArray(jsonObject(given, path)['values'], `${path}.values`).map((value, index) => {
      nesting.enter();
      const plain = anyValueOfJson(value, `${path}.values[${index}]`, nesting);
      nesting.leave();
      return plain;
    });
  },
  kvlistValue: (given, path, around) => {
    const nesting = around ?? new Nesting();
    const values = emptyObject();
    const list = jsonArray(jsonObject(given, path)['values'], `${path}.values`);
    for (const [index, item] of list.entries()) {
      const at = `${path}.values[${index}]`;
      const pair = jsonObject(item, at);
      const key = pair['key'] === undefined ? '' : jsonText(pair['key'], `${at}.key`);
      nesting.enter();
      values[key] = anyValueOfJson(pair['value'], `${at}.value`, nesting);
      nesting.leave();
    }
    return values;
  },
  bytesValue: (given, path) => jsonText(given, path),
};

/** JSON has no larger whole numbers that all readers keep. */
function wholeNumber(value: bigint): PlainValue {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}

function finite(value: number): PlainValue {
  return Number.isFinite(value) ? value : String(value);
}

/** Without a prototype: a key may be `__proto__`. */
function emptyObject(): { [key: string]: PlainValue } {
  return Object.create(null) as { [key: string]: PlainValue };
}

function expected(path: string, what: string, given: unknown): Error {
  return invalidBody(`${path}: expected ${what}, got ${typeof given}`);
}
