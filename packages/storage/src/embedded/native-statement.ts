/**
 * Runs a statement and learns what it wrote. The driver's public calls tell the rows of a result
 * only; the call below them that its own raw insert uses tells rows and bytes written.
 */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Session } from 'chdb';
import type { RawWritten } from '../raw-access.ts';

interface Addon {
  /** Runs `prefix`, a line break and `data` as one text. */
  InsertRawAsyncConnection(
    connection: unknown,
    prefix: string,
    data: Buffer,
    countsLines: boolean,
  ): Promise<{ rowsWritten: number; bytesWritten: number }>;
}

let addon: Addon | null | undefined;

/** @throws whatever the engine says */
export async function runNative(session: Session, sql: string): Promise<RawWritten> {
  addon ??= loadAddon();
  if (!addon) {
    await session.queryAsync(sql);
    return { writtenRows: 0, writtenBytes: 0 };
  }
  const result = await addon.InsertRawAsyncConnection(
    session.connection,
    sql,
    Buffer.from('\n'),
    false,
  );
  return { writtenRows: result.rowsWritten, writtenBytes: result.bytesWritten };
}

/** Null where a later driver has no such call any more: then what was written is not known. */
function loadAddon(): Addon | null {
  try {
    const require = createRequire(import.meta.url);
    const loader: unknown = require(
      join(dirname(require.resolve('chdb/package.json')), 'dist/loader.js'),
    );
    if (!hasLoadNative(loader)) return null;
    const loaded = loader.loadNative();
    return isAddon(loaded) ? loaded : null;
  } catch {
    return null;
  }
}

function hasLoadNative(value: unknown): value is { loadNative(): unknown } {
  return (
    typeof value === 'object' &&
    value !== null &&
    'loadNative' in value &&
    typeof value.loadNative === 'function'
  );
}

function isAddon(value: unknown): value is Addon {
  return (
    typeof value === 'object' &&
    value !== null &&
    'InsertRawAsyncConnection' in value &&
    typeof value.InsertRawAsyncConnection === 'function'
  );
}
