import { readFileSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { isMap, isSeq, LineCounter, parseDocument } from 'yaml';
import type { Document, Node } from 'yaml';
import type { ConfigProblem } from './problem.ts';
import type { Path } from './schema-walk.ts';

const maxFileBytes = 1024 * 1024;

export interface YamlFile {
  value: unknown;
  /** `plimsoll.yaml:7` of the nearest thing at or above a path. */
  locate(path: Path): string;
}

export type YamlReading = { ok: true; file: YamlFile } | { ok: false; problems: ConfigProblem[] };

/** Reads one YAML document; syntax errors are problems with their line. */
export function readYamlFile(path: string): YamlReading {
  const name = basename(path);
  const text = readText(path);
  if (typeof text !== 'string') return { ok: false, problems: [text] };
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, version: '1.2' });
  if (document.errors.length > 0) {
    const problems = document.errors.map((error) => ({
      path: '',
      message:
        error.code === 'MULTIPLE_DOCS'
          ? 'expected one YAML document, got several; keep one'
          : `expected valid YAML, got: ${error.message}; correct this line`,
      source: `${name}:${lines.linePos(error.pos[0]).line}`,
    }));
    return { ok: false, problems };
  }
  const read = plainValue(document);
  if (!read.ok) return { ok: false, problems: [{ path: '', message: read.message, source: name }] };
  return {
    ok: true,
    file: {
      value: read.value,
      locate: (at) => `${name}:${lines.linePos(offsetOf(document, at)).line}`,
    },
  };
}

function readText(path: string): string | ConfigProblem {
  const problem = (message: string): ConfigProblem => ({ path: '', message, source: path });
  try {
    const { size } = statSync(path);
    if (size > maxFileBytes) {
      return problem(
        `expected a file of at most ${maxFileBytes} bytes, got ${size}; is this the right file?`,
      );
    }
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    return problem(
      `expected a readable configuration file, got ${code}; check the path and its permissions`,
    );
  }
}

function plainValue(
  document: Document,
): { ok: true; value: unknown } | { ok: false; message: string } {
  try {
    const value: unknown = document.toJS({ maxAliasCount: 100 });
    return { ok: true, value: value ?? {} };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { ok: false, message: `expected few aliases, got: ${reason}; write the values out` };
  }
}

/** Where the key of the path stands in the text, or the nearest parent that is there. */
function offsetOf(document: Document, path: Path): number {
  let node: unknown = document.contents;
  let offset = 0;
  for (const segment of path) {
    const step = stepInto(node, segment);
    if (step === null) return offset;
    offset = step.offset;
    node = step.child;
  }
  return offset;
}

function stepInto(
  node: unknown,
  segment: string | number,
): { offset: number; child: unknown } | null {
  if (isMap<Node, Node>(node)) {
    const pair = node.items.find((item) => String(item.key) === String(segment));
    return pair === undefined ? null : { offset: pair.key.range?.[0] ?? 0, child: pair.value };
  }
  if (isSeq<Node>(node) && typeof segment === 'number') {
    const child = node.items[segment];
    return child === undefined ? null : { offset: child.range?.[0] ?? 0, child };
  }
  return null;
}
