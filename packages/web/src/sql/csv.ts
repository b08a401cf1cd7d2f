/** RFC 4180, with a guard: a cell that a spreadsheet would run as a formula gets a quote in front. */
export function csvOf(header: readonly string[], rows: readonly (readonly unknown[])[]): string {
  return (
    [header, ...rows].map((row) => row.map((cell) => csvCell(cell)).join(',')).join('\r\n') + '\r\n'
  );
}

function csvCell(cell: unknown): string {
  const text = cellText(cell);
  const guarded = typeof cell === 'string' && /^[=+@\t\r]|^-[^\d.]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(guarded) ? `"${guarded.replaceAll('"', '""')}"` : guarded;
}

/** What a cell of a result looks like as text. */
export function cellText(cell: unknown): string {
  if (cell === null || cell === undefined) return '';
  if (typeof cell === 'string') return cell;
  return JSON.stringify(cell) ?? '';
}
