/** One line of `EXPLAIN AST`: `  Function file (alias f) (children 1)`. */
export interface SyntaxNode {
  depth: number;
  kind: string;
  /** What follows the kind, without alias and number of children. */
  detail: string;
}

/**
 * Reads the text that `EXPLAIN AST` prints. A name with a line break in it prints as further
 * lines: they can add nodes, never hide one, and come out as kind `?`.
 */
export function parseSyntaxTree(text: string): SyntaxNode[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map(parseLine);
}

function parseLine(line: string): SyntaxNode {
  const match = /^( *)([A-Z][A-Za-z]*(?:::[A-Za-z]+)?)(?: (.*))?$/s.exec(line);
  if (!match) return { depth: 0, kind: '?', detail: line };
  const detail = (match[3] ?? '')
    .replace(/ ?\(children \d+\)$/, '')
    .replace(/ ?\(alias .*\)$/s, '')
    .trim();
  return { depth: match[1]?.length ?? 0, kind: match[2] ?? '?', detail };
}
