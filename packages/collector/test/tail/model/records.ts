import type { TailFormat } from '../../../src/tail/cut.ts';

export interface RecordShape {
  /** Bytes of text, about. */
  width: number;
  /** Lines that the runtime makes of it; 1 for a format that does not split. */
  parts: number;
}

/** One record with a text of its own throughout, and with characters of more than one byte. */
export function makeRecord(format: TailFormat, id: string, { width, parts }: RecordShape): string {
  const text = `${id} ${`ü€${id}`.repeat(Math.ceil(width / 7))}`;
  if (format === 'plain') return `${text}\n`;
  const lines = Array.from({ length: parts }, (_, index) => {
    const isLast = index === parts - 1;
    const time = `2026-01-01T00:00:00.${id.padStart(9, '0')}Z`;
    return format === 'cri'
      ? `${time} stdout ${isLast ? 'F' : 'P'} ${text}\n`
      : `{"log":"${text}${isLast ? '\\n' : ''}","stream":"stdout","time":"${time}"}\n`;
  });
  return lines.join('');
}
