import { ClickHouseException } from '../exception.ts';
import type { QueryContext } from '../query-context.ts';

const killEveryMs = 100;

/**
 * Runs a statement under the tag of its query. When the signal fires, it is killed until it has
 * ended; a cancelled one always fails.
 */
export async function runInEngine<T>(
  { query, service, signal }: QueryContext,
  run: (tag: string) => Promise<T>,
  onAbort: () => void = () => undefined,
): Promise<T> {
  if (signal.aborted) throw cancelled();
  let timer: NodeJS.Timeout | undefined;
  let isDone = false;
  const kill = (): void => {
    onAbort();
    // Again, until it has ended: the engine may not know it yet.
    void service.raw.kill(query.tag).finally(() => {
      if (!isDone) timer = setTimeout(kill, killEveryMs);
    });
  };
  signal.addEventListener('abort', kill, { once: true });
  service.queries.begin(query);
  try {
    const result = await run(`/* ${query.tag} */ `);
    if (signal.aborted) throw cancelled();
    return result;
  } catch (error) {
    throw signal.aborted ? cancelled() : error;
  } finally {
    isDone = true;
    query.isInEngine = false;
    clearTimeout(timer);
    signal.removeEventListener('abort', kill);
  }
}

function cancelled(): ClickHouseException {
  return new ClickHouseException('QUERY_WAS_CANCELLED', 'Query was cancelled');
}
