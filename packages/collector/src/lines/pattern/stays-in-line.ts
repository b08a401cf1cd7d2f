import type { PatternNode } from './parse-pattern.ts';

/**
 * Whether every match lies within one line and looks at nothing but it: so what fits in many lines,
 * taken as one text, is what fits in each of them.
 */
export function staysInLine(node: PatternNode): boolean {
  switch (node.kind) {
    case 'set':
      return node.set[0x0a] !== 1;
    case 'assertion':
      return node.text === '\\b' || node.text === '\\B';
    case 'sequence':
      return node.items.every(staysInLine);
    case 'choice':
      return node.branches.every(staysInLine);
    case 'repeat':
      return staysInLine(node.item);
    default:
      return node satisfies never;
  }
}
