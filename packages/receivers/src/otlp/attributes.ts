/** What logs and metrics of OTLP have in common: attributes, resource, instrumentation scope. */
import { type ProtobufReader, tagOf, wire } from '../protobuf/protobuf-reader.ts';
import { anyValueOfJson, readKeyAndValue, textOf } from './any-value.ts';
import { invalidBody } from '../receiver-error.ts';
import { jsonArray, jsonObject, jsonOptionalText } from './json-fields.ts';

/** Name and value as text (`any-value.ts`), in the order of the message; a name may be there twice. */
export type Attribute = readonly [name: string, value: string];

export interface Scope {
  name: string;
  version: string;
  attributes: Attribute[];
}

/** In one message; far more than any limit of labels lets through. */
const maxAttributes = 4096;

/** At a field of type KeyValue, which goes to the end of `attributes`. */
export function readAttribute(reader: ProtobufReader, attributes: Attribute[]): void {
  if (attributes.length >= maxAttributes) throw tooMany();
  const [name, value] = readKeyAndValue(reader);
  attributes.push([name, textOf(value)]);
}

/** At a field of type Resource. */
export function readResource(reader: ProtobufReader): Attribute[] {
  const attributes: Attribute[] = [];
  const end = reader.enter();
  while (reader.isBefore(end)) {
    if (reader.tag() === tagOf(1, wire.bytes)) readAttribute(reader, attributes);
    else reader.skip();
  }
  return attributes;
}

/** At a field of type InstrumentationScope. */
export function readScope(reader: ProtobufReader): Scope {
  const scope: Scope = { name: '', version: '', attributes: [] };
  const end = reader.enter();
  while (reader.isBefore(end)) {
    switch (reader.tag()) {
      case tagOf(1, wire.bytes):
        scope.name = reader.string();
        break;
      case tagOf(2, wire.bytes):
        scope.version = reader.string();
        break;
      case tagOf(3, wire.bytes):
        readAttribute(reader, scope.attributes);
        break;
      default:
        reader.skip();
    }
  }
  return scope;
}

/** Of `[{"key": …, "value": {…}}, …]`. */
export function attributesOfJson(json: unknown, path: string): Attribute[] {
  const list = jsonArray(json, path);
  if (list.length > maxAttributes) throw tooMany();
  return list.map((item, index) => {
    const at = `${path}[${index}]`;
    const pair = jsonObject(item, at);
    const name = jsonOptionalText(pair['key'], `${at}.key`);
    return [name, textOf(anyValueOfJson(pair['value'], `${at}.value`))];
  });
}

/** Of `{"attributes": […]}`; absent is without any. */
export function resourceOfJson(json: unknown, path: string): Attribute[] {
  if (json === undefined || json === null) return [];
  return attributesOfJson(jsonObject(json, path)['attributes'], `${path}.attributes`);
}

export function scopeOfJson(json: unknown, path: string): Scope {
  if (json === undefined || json === null) return { name: '', version: '', attributes: [] };
  const scope = jsonObject(json, path);
  return {
    name: jsonOptionalText(scope['name'], `${path}.name`),
    version: jsonOptionalText(scope['version'], `${path}.version`),
    attributes: attributesOfJson(scope['attributes'], `${path}.attributes`),
  };
}

function tooMany(): Error {
  return invalidBody(
    `attributes: expected at most ${maxAttributes} of one resource, scope or record`,
  );
}
