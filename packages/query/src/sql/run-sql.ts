import type { SqlResult } from '@plimsoll/model/api';
import { QueryError } from '../http/api-error.ts';
import type { QueryContext } from '../query-context.ts';
import { toSqlError } from '../storage-error.ts';

export interface SqlQuery {
  query: string;
  maxRows: number | undefined;
}

/** Statements that users write, a stated number at a time. */
export class SqlRunner {
  readonly #context: QueryContext;
  #running = 0;

  constructor(context: QueryContext) {
    this.#context = context;
  }

  /** @throws {QueryError} `too_many_requests`, `invalid_sql` with its position, `timeout`, … */
  async run(request: SqlQuery, signal: AbortSignal): Promise<SqlResult> {
    const limits = this.#context.config.query.sql;
    if (this.#running >= limits.max_concurrent) {
      throw new QueryError(
        'too_many_requests',
        `${limits.max_concurrent} SQL statements are running (query.sql.max_concurrent); try again`,
        { retryAfterSeconds: 1 },
      );
    }
    this.#running++;
    try {
      const result = await this.#context.engine.adhoc(
        request.query,
        {
          maxExecutionMs: limits.max_execution_time,
          maxMemoryBytes: limits.max_memory,
          maxRows: Math.min(request.maxRows ?? limits.max_rows, limits.max_rows),
          maxResultBytes: limits.max_result_bytes,
        },
        signal,
      );
      return {
        columns: result.columns,
        rows: result.rows,
        truncated: result.truncated,
        limit: result.limit,
        elapsed_ms: result.elapsedMs,
        read_rows: result.readRows,
        read_bytes: result.readBytes,
      };
    } catch (error) {
      throw toSqlError(error);
    } finally {
      this.#running--;
    }
  }
}
