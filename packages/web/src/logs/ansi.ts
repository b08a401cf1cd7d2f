/**
 * Terminal colours (SGR, ECMA-48 8.3.117) as spans. Every other escape sequence is left out; a
 * broken one never hides text. Only class names and numbers come out, never markup.
 */
export interface AnsiSpan {
  text: string;
  /** Space separated: `b d i u s`, `f0`…`f15`, `g0`…`g15`. */
  classes: string;
  /** A colour beyond the sixteen named ones, as `r, g, b`. */
  colour: string | null;
  background: string | null;
}

interface Style {
  flags: Set<string>;
  fore: number | null;
  back: number | null;
  foreRgb: string | null;
  backRgb: string | null;
}

/** CSI … final byte, OSC … BEL or ST, and two-character escapes. */
const escapePattern = new RegExp(
  String.raw`\u001b(?:\[([0-9;:?<=>]*)[ -/]*([@-~])|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[@-Z\\^_])`,
  'g',
);
const maxSpans = 2000;

export function parseAnsi(text: string): AnsiSpan[] {
  const spans: AnsiSpan[] = [];
  const style: Style = { flags: new Set(), fore: null, back: null, foreRgb: null, backRgb: null };
  let end = 0;
  const push = (part: string): void => {
    if (part !== '') spans.push(spanOf(part, style));
  };
  for (const match of text.matchAll(escapePattern)) {
    push(text.slice(end, match.index));
    end = match.index + match[0].length;
    if (match[2] === 'm') applySgr(style, match[1] ?? '');
    if (spans.length >= maxSpans) break;
  }
  push(text.slice(end));
  return spans;
}

function spanOf(text: string, style: Style): AnsiSpan {
  const classes = [...style.flags];
  if (style.fore !== null) classes.push(`f${style.fore}`);
  if (style.back !== null) classes.push(`g${style.back}`);
  return { text, classes: classes.join(' '), colour: style.foreRgb, background: style.backRgb };
}

const flagOfCode: Record<number, string> = { 1: 'b', 2: 'd', 3: 'i', 4: 'u', 9: 's' };
const endOfFlags: Record<number, string[]> = { 22: ['b', 'd'], 23: ['i'], 24: ['u'], 29: ['s'] };

function applySgr(style: Style, parameters: string): void {
  const codes = parameters.split(/[;:]/).map((part) => (part === '' ? 0 : Number(part)));
  for (let at = 0; at < codes.length; at += 1) {
    const code = codes[at] ?? 0;
    const flag = flagOfCode[code];
    if (code === 0) reset(style);
    else if (flag !== undefined) style.flags.add(flag);
    else if (endOfFlags[code] !== undefined)
      for (const name of endOfFlags[code]) style.flags.delete(name);
    else if (code === 38 || code === 48) at += extended(style, code, codes.slice(at + 1));
    else named(style, code);
  }
}

function reset(style: Style): void {
  style.flags.clear();
  style.fore = style.back = null;
  style.foreRgb = style.backRgb = null;
}

function named(style: Style, code: number): void {
  if ((code >= 30 && code <= 37) || (code >= 90 && code <= 97)) {
    style.fore = code >= 90 ? code - 82 : code - 30;
    style.foreRgb = null;
  } else if ((code >= 40 && code <= 47) || (code >= 100 && code <= 107)) {
    style.back = code >= 100 ? code - 92 : code - 40;
    style.backRgb = null;
  } else if (code === 39) {
    style.fore = null;
    style.foreRgb = null;
  } else if (code === 49) {
    style.back = null;
    style.backRgb = null;
  }
}

/** `38;5;n` and `38;2;r;g;b`; answers how many parameters it took. */
function extended(style: Style, code: number, rest: readonly number[]): number {
  const isFore = code === 38;
  if (rest[0] === 5) {
    const index = byte(rest[1]);
    const rgb = index < 16 ? null : colourOf256(index);
    if (isFore) [style.fore, style.foreRgb] = [index < 16 ? index : null, rgb];
    else [style.back, style.backRgb] = [index < 16 ? index : null, rgb];
    return 2;
  }
  if (rest[0] === 2) {
    const rgb = `${byte(rest[1])}, ${byte(rest[2])}, ${byte(rest[3])}`;
    if (isFore) [style.fore, style.foreRgb] = [null, rgb];
    else [style.back, style.backRgb] = [null, rgb];
    return 4;
  }
  return rest.length;
}

function byte(value: number | undefined): number {
  return value === undefined || !Number.isInteger(value) ? 0 : Math.min(Math.max(value, 0), 255);
}

function colourOf256(index: number): string {
  if (index >= 232) {
    const grey = 8 + (index - 232) * 10;
    return `${grey}, ${grey}, ${grey}`;
  }
  const cube = [0, 95, 135, 175, 215, 255];
  const at = index - 16;
  return [Math.floor(at / 36), Math.floor(at / 6) % 6, at % 6]
    .map((part) => cube[part] ?? 0)
    .join(', ');
}
