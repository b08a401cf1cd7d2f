import type { SyntaxNode } from '@plimsoll/storage';
import { identifierOf, tokens } from './tokens.ts';

export interface Output {
  /** Without the clauses below. */
  sql: string;
  format: string | null;
  /** ` SETTINGS …` behind FORMAT, or empty. */
  outputSettings: string;
}

/**
 * Cuts FORMAT and what follows off a normalised statement. Whether there is one is told by the tree:
 * an identifier directly below the root, or below what an EXPLAIN explains.
 */
export function splitOutput(normalised: string, nodes: readonly SyntaxNode[]): Output {
  const format = formatNode(nodes);
  if (format === null) return { sql: normalised, format: null, outputSettings: '' };
  const all = [...tokens(normalised)];
  for (let index = all.length - 2; index > 0; index--) {
    const token = all[index];
    const name = all[index + 1];
    if (token?.text !== 'FORMAT' || token.kind !== 'word' || identifierOf(name) !== format)
      continue;
    const rest = normalised.slice(name?.end);
    if (rest !== '' && !rest.startsWith(' SETTINGS ')) continue;
    return { sql: normalised.slice(0, token.start).trimEnd(), format, outputSettings: rest };
  }
  return { sql: normalised, format: null, outputSettings: '' };
}

function formatNode(nodes: readonly SyntaxNode[]): string | null {
  const root = nodes[0];
  if (root?.kind === 'UseQuery' || root?.kind === 'InsertQuery') return null;
  // The names of tables and databases come first, a format last.
  const last = nodes.findLast(({ depth }) => depth === 1);
  const beforeLast = nodes.filter(({ depth }) => depth === 1).at(-2);
  const format = last?.kind === 'Set' ? beforeLast : last;
  return format?.kind === 'Identifier' ? format.detail : null;
}
