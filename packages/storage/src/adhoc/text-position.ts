import type { TextPosition } from '../storage-error.ts';

/** The place of a byte of a text's UTF-8 form, counted in characters of the text. */
export function positionAt(text: string, byteOffset: number): TextPosition {
  const before = Buffer.from(text).subarray(0, byteOffset).toString('utf8');
  return atCharacter(text, Math.min(before.length, text.length));
}

/** The first place where a name stands as a word of its own, outside of comments and strings. */
export function positionOf(text: string, name: string): TextPosition | null {
  const last = name.split('.').at(-1) ?? '';
  for (const wanted of [name, last]) {
    if (!/^[\w.]+$/.test(wanted)) continue;
    const pattern = new RegExp(`(?<![\\w])${wanted.replaceAll('.', '\\.')}(?![\\w])`, 'i');
    const index = blankOut(text).search(pattern);
    if (index >= 0) return atCharacter(text, index);
  }
  return null;
}

function atCharacter(text: string, offset: number): TextPosition {
  const before = text.slice(0, offset);
  const line = before.split('\n').length;
  return { offset, line, column: offset - before.lastIndexOf('\n') };
}

/** Comments and string literals as blanks of the same length. */
function blankOut(text: string): string {
  return text.replace(/--[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^'\\]|\\.|'')*'/g, (part) =>
    ' '.repeat(part.length),
  );
}
