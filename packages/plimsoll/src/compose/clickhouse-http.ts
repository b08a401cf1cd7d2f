import process from 'node:process';
import { createClickHouseHttp, statementThreads } from '@plimsoll/clickhouse-http';
import type { ClickHouseHttp } from '@plimsoll/clickhouse-http';
import type { Component } from '@plimsoll/runtime';
import { withNamedPort } from './named-port.ts';
import type { ProcessContext } from './process-context.ts';

/** The embedded engine by ClickHouse's own protocol: for other roles, Grafana, curl. */
export function clickhouseHttp({ config, ...context }: ProcessContext): Component {
  const logger = context.logger.child({ component: 'clickhouse-http' });
  let running: ClickHouseHttp | null = null;
  return {
    name: 'clickhouse http',
    // Inserts under way end; what reads is cancelled.
    stopTimeoutMs: 8000,
    start: async () => {
      const needed = statementThreads(config.clickhouse_http);
      const threads = Number(process.env['UV_THREADPOOL_SIZE'] ?? 4);
      if (threads < needed) {
        logger.warn(
          { threads, needed },
          'There are fewer threads than statements may run: set UV_THREADPOOL_SIZE.',
        );
      }
      const made = createClickHouseHttp({
        engine: context.engine.get(),
        config,
        logger,
        metrics: context.metrics,
      });
      running = made;
      const address = await withNamedPort('clickhouse_http.port', () => made.start());
      context.clickhouseAddress.set(address);
      context.health.registerReady('clickhouse http', () => made.health());
    },
    stop: () => running?.stop(),
  };
}
