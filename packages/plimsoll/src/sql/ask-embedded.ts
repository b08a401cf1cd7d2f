import { existsSync } from 'node:fs';
import type { SqlRequest, SqlResult } from '@plimsoll/model/api';
import { PlimsollError } from '@plimsoll/runtime';
import type { Config } from '@plimsoll/runtime';
import { StorageError } from '@plimsoll/storage';
import type { Engine } from '@plimsoll/storage';
import { dataLayout } from '../compose/data-layout.ts';
import { withEngine } from '../compose/with-engine.ts';
import { statementError } from './statement-error.ts';

export interface AskEmbeddedOptions {
  config: Config;
  request: SqlRequest;
  signal: AbortSignal;
}

/**
 * Opens the data folder (or the server) itself, under the same limits as the HTTP API.
 *
 * @throws {StorageError} when it cannot be opened
 * @throws {PlimsollError} `data_dir_unusable`, `data_dir_locked`, `statement_refused`
 */
export async function askEmbedded(options: AskEmbeddedOptions): Promise<SqlResult> {
  const { config } = options;
  const folder = dataLayout(config.data_dir).engine;
  if (config.storage.mode === 'embedded' && !existsSync(folder)) {
    const message = `expected the data of Plimsoll at ${folder}, got no such folder`;
    throw new PlimsollError('data_dir_unusable', message, {
      hint: 'Name the folder with --data-dir; "plimsoll all" or "plimsoll migrate" makes one.',
    });
  }
  return withEngine(config, (engine) => ask(engine, options));
}

async function ask(
  engine: Engine,
  { config, request, signal }: AskEmbeddedOptions,
): Promise<SqlResult> {
  const { sql } = config.query;
  const limits = {
    maxExecutionMs: sql.max_execution_time,
    maxMemoryBytes: sql.max_memory,
    maxRows: Math.min(sql.max_rows, request.max_rows ?? sql.max_rows),
    maxResultBytes: sql.max_result_bytes,
  };
  try {
    const result = await engine.adhoc(request.query, limits, signal);
    const { columns, rows, truncated, limit } = result;
    return {
      columns,
      rows,
      truncated,
      limit,
      elapsed_ms: result.elapsedMs,
      read_rows: result.readRows,
      read_bytes: result.readBytes,
    };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof StorageError)) throw error;
    const { message, position } = error;
    throw statementError(request.query, { message, position: position?.offset, cause: error });
  }
}
