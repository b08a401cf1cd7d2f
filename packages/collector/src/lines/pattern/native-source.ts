/** A pattern's tree as the source of a RegExp over strings of one character for each byte. */
import type { ByteSet, PatternNode } from './parse-pattern.ts';

export function nativeSource(node: PatternNode): string {
  switch (node.kind) {
    case 'set':
      return printSet(node.set);
    case 'assertion':
      return node.text;
    case 'sequence':
      return node.items.map(nativeSource).join('');
    case 'choice':
      return `(?:${node.branches.map(nativeSource).join('|')})`;
    case 'repeat': {
      const { item, min, max, isLazy } = node;
      const bounds = max === Infinity ? `{${min},}` : `{${min},${max}}`;
      return `(?:${nativeSource(item)})${bounds}${isLazy ? '?' : ''}`;
    }
    default:
      return node satisfies never;
  }
}

function printSet(set: ByteSet): string {
  const ranges: string[] = [];
  for (let from = 0; from < 256; from += 1) {
    if (set[from] !== 1) continue;
    let to = from;
    while (set[to + 1] === 1) to += 1;
    ranges.push(from === to ? hex(from) : `${hex(from)}-${hex(to)}`);
    from = to;
  }
  return `[${ranges.join('')}]`;
}

function hex(byte: number): string {
  return `\\x${byte.toString(16).padStart(2, '0')}`;
}
