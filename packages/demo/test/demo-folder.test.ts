import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { prepareDemoFolder } from '../src/index.ts';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'plimsoll-demo-folder-'));
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

describe('prepareDemoFolder', () => {
  it('empties what an earlier demo left, but for what is to be kept', () => {
    prepareDemoFolder(directory);
    mkdirSync(join(directory, 'hosts'));
    writeFileSync(join(directory, 'plimsoll.lock'), '');
    prepareDemoFolder(directory, ['plimsoll.lock']);
    expect(readdirSync(directory)).toContain('plimsoll.lock');
    expect(readdirSync(directory)).not.toContain('hosts');
  });

  it('touches nothing in a folder that is not its own', () => {
    writeFileSync(join(directory, 'precious'), 'data');
    expect(() => prepareDemoFolder(directory)).toThrow(
      /expected an empty folder .* found precious/,
    );
    expect(readdirSync(directory)).toEqual(['precious']);
  });
});
