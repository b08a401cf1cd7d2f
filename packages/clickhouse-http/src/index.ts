export {
  createClickHouseHttp,
  type ClickHouseHttp,
  type ClickHouseHttpHealth,
  type ClickHouseHttpOptions,
} from './clickhouse-http.ts';
export { statementThreads } from './statement-threads.ts';
