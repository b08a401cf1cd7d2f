// What the rules need to know of one source file, read from its syntax tree.
import { parseSync, Visitor } from 'oxc-parser';

export interface Import {
  readonly specifier: string;
  readonly line: number;
  /** Erased before the program runs. */
  readonly typeOnly: boolean;
  /** `export … from`: the file passes the binding on. */
  readonly reExport: boolean;
  /** `export * from`. */
  readonly star: boolean;
}

export interface SourceFile {
  /** From the repository's root, with forward slashes. */
  readonly path: string;
  readonly lines: number;
  readonly imports: readonly Import[];
  readonly comments: readonly { readonly text: string; readonly line: number }[];
  /** Lines of `x as unknown as T`. */
  readonly doubleCasts: readonly number[];
}

export function readSource(path: string, text: string): SourceFile {
  const result = parseSync(path, text);
  const lineAt = lineIndex(text);
  const doubleCasts: number[] = [];
  const imports: Import[] = [];
  const addDynamic = (specifier: unknown, start: number): void => {
    if (typeof specifier !== 'string') return;
    imports.push({
      specifier,
      line: lineAt(start),
      typeOnly: false,
      reExport: false,
      star: false,
    });
  };

  for (const found of result.module.staticImports) {
    imports.push({
      specifier: found.moduleRequest.value,
      line: lineAt(found.start),
      typeOnly: found.entries.length > 0 && found.entries.every((entry) => entry.isType),
      reExport: false,
      star: false,
    });
  }
  for (const { entries } of result.module.staticExports) {
    for (const entry of entries) {
      if (entry.moduleRequest === null) continue;
      imports.push({
        specifier: entry.moduleRequest.value,
        line: lineAt(entry.start),
        typeOnly: entry.isType,
        reExport: true,
        star: entry.importName.name === null,
      });
    }
  }
  new Visitor({
    ImportExpression(node) {
      if (node.source.type === 'Literal') addDynamic(node.source.value, node.start);
    },
    TSImportType(node) {
      imports.push({
        specifier: node.source.value,
        line: lineAt(node.start),
        typeOnly: true,
        reExport: false,
        star: false,
      });
    },
    TSAsExpression(node) {
      const inner = node.expression;
      if (inner.type === 'TSAsExpression' && inner.typeAnnotation.type === 'TSUnknownKeyword') {
        doubleCasts.push(lineAt(node.start));
      }
    },
  }).visit(result.program);

  return {
    path,
    lines: text.split('\n').length - (text.endsWith('\n') ? 1 : 0),
    imports,
    comments: result.comments.map(({ value, start }) => ({ text: value, line: lineAt(start) })),
    doubleCasts,
  };
}

/** Line numbers (from 1) of offsets into the text. */
function lineIndex(text: string): (offset: number) => number {
  const starts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return (offset) => {
    const after = starts.findIndex((start) => start > offset);
    return after === -1 ? starts.length : after;
  };
}
