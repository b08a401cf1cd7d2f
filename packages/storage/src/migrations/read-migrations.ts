import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StorageError } from '../storage-error.ts';
import { splitStatements } from './split-statements.ts';

export interface Migration {
  version: number;
  name: string;
  /** SHA-256 of the file. */
  checksum: string;
  statements: string[];
}

/** Reads `NNNN_name.sql` files; versions must be 1, 2, 3, … without a gap. */
export async function readMigrations(directory: string): Promise<Migration[]> {
  const files = (await readdir(directory)).filter((file) => file.endsWith('.sql')).sort();
  return Promise.all(
    files.map(async (file, index) => {
      const match = /^(\d{4})_([a-z0-9_]+)\.sql$/.exec(file);
      if (!match?.[2] || Number(match[1]) !== index + 1) {
        throw new StorageError(
          'migration_mismatch',
          `migration ${file}: expected the name ${String(index + 1).padStart(4, '0')}_<name>.sql`,
        );
      }
      const text = await readFile(join(directory, file), 'utf8');
      return {
        version: index + 1,
        name: match[2],
        checksum: createHash('sha256').update(text).digest('hex'),
        statements: splitStatements(text),
      };
    }),
  );
}
