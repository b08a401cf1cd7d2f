import { array, assert, asyncProperty, nat } from 'fast-check';
import { expect, test } from 'vitest';
import { withoutException } from '../../src/server/exception-marker.ts';

const rows = '{"a":1}\n{"a":2}\n{"message":"Code: 62. DB::Exception: quoted"}\n';
const text = 'Code: 241. DB::Exception: memory limit exceeded. (MEMORY_LIMIT_EXCEEDED)';

async function read(parts: readonly Buffer[]): Promise<{ text: string; error: unknown }> {
  let result = '';
  const stream = async function* (): AsyncGenerator<Buffer> {
    for (const part of parts) yield await Promise.resolve(part);
  };
  try {
    for await (const chunk of withoutException(stream())) result += chunk.toString();
  } catch (error) {
    return { text: result, error };
  }
  return { text: result, error: null };
}

function cut(whole: string, at: readonly number[]): Buffer[] {
  const bytes = Buffer.from(whole);
  const bounds = [0, ...at.map((place) => place % bytes.length), bytes.length];
  const sorted = bounds.toSorted((a, b) => a - b);
  return sorted.slice(1).map((end, index) => bytes.subarray(sorted[index], end));
}

test('an error behind the rows is thrown with its code, wherever chunks end', async () => {
  const answers = [
    `${rows}\r\n__exception__\r\nabcdefghijklmnop\r\n${text}\n77 abcdefghijklmnop\r\n__exception__\r\n`,
    `${rows}${text}\n`,
  ];
  for (const answer of answers) {
    await assert(
      asyncProperty(array(nat(), { maxLength: 6 }), async (places) => {
        const found = await read(cut(answer, places));
        expect(found.error).toMatchObject({ code: 'memory_limit', clickhouseCode: 241 });
        expect(
          rows.startsWith(found.text.trimEnd()) || found.text.trimEnd() === rows.trimEnd(),
        ).toBe(true);
      }),
    );
  }
});

test('rows are passed on as they are, wherever chunks end', async () => {
  await assert(
    asyncProperty(array(nat(), { maxLength: 6 }), async (places) => {
      expect(await read(cut(rows, places))).toEqual({ text: rows, error: null });
    }),
  );
});
