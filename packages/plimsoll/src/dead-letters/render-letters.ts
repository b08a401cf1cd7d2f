/** Letters as text for people, and as JSON for scripts. */
import type { LetterContent, LetterSummary } from '@plimsoll/transport';

/** Of a reason, in a list. */
const maxReason = 120;

const titles = ['ID', 'TIME', 'TENANT', 'HOST', 'HOLDS', 'SIZE', 'REASON'];

export function letterTable(letters: readonly LetterSummary[]): string {
  const rows = letters.map((letter) => [
    letter.id,
    timeText(letter),
    ...originOf(letter.content),
    holds(letter),
    sizeText(letter.size),
    (letter.state === 'waiting' ? '' : `(${letter.state}) `) + oneLine(letter.reason, maxReason),
  ]);
  const all = [titles, ...rows];
  const widths = titles.map((_title, column) =>
    Math.max(...all.map((row) => row[column]?.length ?? 0)),
  );
  return all
    .map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '))
    .map((line) => `${line.trimEnd()}\n`)
    .join('');
}

export function letterJson(letter: LetterSummary): Record<string, unknown> {
  const { id, state, cause, reason, timeMs, partition, offset, size, content } = letter;
  const time = new Date(timeMs).toISOString();
  return { id, state, cause, reason, time, partition, offset, size, ...content };
}

/** What a letter is about, in a few words. */
export function holds({ cause, content }: LetterSummary): string {
  if (cause === 'damaged') return 'a journal file';
  switch (content.kind) {
    case 'logs': {
      const [first, ...others] = content.ranges;
      if (!first) return 'logs';
      const { container, path, start, end, lines } = first;
      const more = others.length === 0 ? '' : `, and ${others.length} more`;
      return `${container === '' ? path : container} [${start}, ${end}) ${lines} lines${more}`;
    }
    case 'rows':
      return `${content.table}, ${content.rows} rows`;
    case 'unreadable':
      return 'unreadable';
    default:
      return content satisfies never;
  }
}

/** Reasons quote data: nothing of it may reach the terminal as a control character. */
export function oneLine(text: string, limit: number): string {
  const clean = text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ').trim();
  return clean.length > limit ? `${clean.slice(0, limit - 1)}…` : clean;
}

export function timeText({ timeMs }: LetterSummary): string {
  return `${new Date(timeMs).toISOString().slice(0, 19)}Z`;
}

function sizeText(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  const isKibi = bytes < 1024 * 1024;
  return isKibi ? `${(bytes / 1024).toFixed(1)} KiB` : `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}

function originOf(content: LetterContent): [string, string] {
  return content.kind === 'unreadable' ? ['-', '-'] : [content.tenant, content.host];
}
