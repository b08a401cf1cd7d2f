import type { Terminal } from '@plimsoll/cli';
import { decodeFrame, decodeRecords, type Frame } from '@plimsoll/model';
import { messageOf, PlimsollError, type Config } from '@plimsoll/runtime';
import type { StoredLetter } from '@plimsoll/transport';
import { withLetters, type LetterOptions } from './open-letters.ts';
import { letterJson, oneLine, timeText } from './render-letters.ts';

/** Lines of the payload that are shown, and characters of each. */
const maxLines = 10;
const maxLineLength = 400;
/** Bytes that are looked at for them. */
const maxTextBytes = 64 * 1024;

export async function showLetter(
  id: string,
  ...[config, terminal, { isJson }]: [Config, Terminal, LetterOptions]
): Promise<number> {
  return withLetters(config, async (store) => {
    const letter = await store.get(id);
    if (letter === null) {
      const hint = 'Run "plimsoll dead-letter list --all".';
      const message = `expected the id of a letter in ${store.place}, got "${oneLine(id, 200)}"`;
      throw new PlimsollError('usage_invalid', message, { hint });
    }
    const shown = await decoded(letter);
    if (isJson) {
      const { header, lines } = shown;
      const all = { ...letterJson(letter), header, lines };
      terminal.stdout.write(`${JSON.stringify(all, null, 2)}\n`);
    } else terminal.stdout.write(letterText(letter, shown));
    return 0;
  });
}

interface Decoded {
  /** Of the frame; null where there is none to read. */
  header: unknown;
  lines: string[];
  problem: string | null;
}

async function decoded(letter: StoredLetter): Promise<Decoded> {
  try {
    const frame = await decodeFrame(letter.bytes);
    return { header: frame.header, lines: linesOf(frame), problem: null };
  } catch (error) {
    return { header: null, lines: [], problem: messageOf(error) };
  }
}

function letterText(letter: StoredLetter, { header, lines, problem }: Decoded): string {
  const facts: [string, string][] = [
    ['id', letter.id],
    ['state', letter.state],
    ['time', timeText(letter)],
    ['partition', `${letter.partition}, offset ${letter.offset}`],
    ['cause', letter.cause],
    ['reason', oneLine(letter.reason, 2000)],
    ['size', `${letter.size} bytes`],
    ...(problem === null
      ? []
      : [['frame', `cannot be read: ${oneLine(problem, 500)}`] as const]
    ).map(([name, text]): [string, string] => [name, text]),
  ];
  const text = facts.map(([name, value]) => `${name.padEnd(9)}  ${value}\n`).join('');
  if (header === null) return text;
  const shownHeader = JSON.stringify(header, null, 2).split('\n');
  const body = lines.map((line) => `  ${oneLine(line, maxLineLength)}\n`).join('');
  return `${text}\nheader\n${shownHeader.map((line) => `  ${line}\n`).join('')}\nfirst lines\n${body}`;
}

function linesOf(frame: Frame): string[] {
  const isRecords =
    frame.kind === 'logs' && frame.header.sources.every(({ format }) => format === 'records');
  return (isRecords ? recordsOf(frame.payload) : null) ?? plainLines(frame.payload);
}

/** Null for what is not records after all. */
function recordsOf(payload: Buffer): string[] | null {
  try {
    const records = decodeRecords(payload).slice(0, maxLines);
    return records.map(({ text }) => text.toString('utf8', 0, maxTextBytes));
  } catch {
    return null;
  }
}

function plainLines(payload: Buffer): string[] {
  const lines = payload.toString('utf8', 0, maxTextBytes).split('\n');
  return lines.filter((line) => line !== '').slice(0, maxLines);
}
