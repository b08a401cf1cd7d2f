import { useCallback, useEffect, useRef, useState } from 'react';
import type { SqlRequest, SqlResult } from '@plimsoll/model/api';
import { apiPost } from '../api/client.ts';

export type SqlRun =
  | { state: 'idle' }
  | { state: 'running'; startedAt: number; previous: SqlResult | null }
  | { state: 'done'; result: SqlResult; query: string }
  | { state: 'failed'; error: unknown; query: string }
  | { state: 'cancelled' };

const maxRows = 10_000;

/** One query at a time; leaving the view or cancelling closes the request, and so the query. */
export function useSqlRun(): { run: SqlRun; start: (query: string) => void; cancel: () => void } {
  const [run, setRun] = useState<SqlRun>({ state: 'idle' });
  const abort = useRef<AbortController | null>(null);
  useEffect(() => () => abort.current?.abort(), []);
  const start = useCallback((query: string) => {
    abort.current?.abort();
    const own = new AbortController();
    abort.current = own;
    setRun((old) => ({
      state: 'running',
      startedAt: Date.now(),
      previous: old.state === 'done' ? old.result : null,
    }));
    const request: SqlRequest = { query, max_rows: maxRows };
    apiPost<SqlResult>('sql', request, own.signal).then(
      (result) => own.signal.aborted || setRun({ state: 'done', result, query }),
      (error: unknown) => own.signal.aborted || setRun({ state: 'failed', error, query }),
    );
  }, []);
  const cancel = useCallback(() => {
    abort.current?.abort();
    setRun({ state: 'cancelled' });
  }, []);
  return { run, start, cancel };
}
