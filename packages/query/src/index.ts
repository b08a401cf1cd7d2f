export { apiRoot, createQueryServer, type QueryServerOptions } from './server.ts';
export type { ProcessStatus } from './process-status.ts';
