import { mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writeFileAtomic } from '../src/index.ts';

const folder = (): string => mkdtempSync(join(tmpdir(), 'plimsoll-atomic-'));

test('makes and replaces a file and leaves nothing beside it', async () => {
  const at = folder();
  await writeFileAtomic(join(at, 'state.json'), 'one', { mode: 0o600 });
  await writeFileAtomic(join(at, 'state.json'), Buffer.from('two'), { mode: 0o600 });
  expect(readFileSync(join(at, 'state.json'), 'utf8')).toBe('two');
  expect(statSync(join(at, 'state.json')).mode & 0o777).toBe(0o600);
  expect(readdirSync(at)).toEqual(['state.json']);
});

test('many writers at once leave one whole content', async () => {
  const at = folder();
  const contents = Array.from({ length: 20 }, (_, index) => String(index).repeat(50_000));
  await Promise.all(contents.map((content) => writeFileAtomic(join(at, 'state'), content)));
  expect(contents).toContain(readFileSync(join(at, 'state'), 'utf8'));
  expect(readdirSync(at)).toEqual(['state']);
});

test('when it fails, the old content stays and no temporary file is left', async () => {
  const at = folder();
  writeFileSync(join(at, 'state'), 'old');
  // A folder cannot be replaced by a file: the rename fails.
  await expect(writeFileAtomic(at, 'new')).rejects.toMatchObject({ code: 'EISDIR' });
  await expect(writeFileAtomic(join(at, 'missing/state'), 'new')).rejects.toMatchObject({
    code: 'ENOENT',
  });
  expect(readFileSync(join(at, 'state'), 'utf8')).toBe('old');
  expect(readdirSync(at)).toEqual(['state']);
});
