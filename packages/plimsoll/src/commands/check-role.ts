import { PlimsollError } from '@plimsoll/runtime';
import type { Config } from '@plimsoll/runtime';
import type { Role } from '../compose/start-order.ts';

/** @throws {PlimsollError} `role_needs_server` */
export function checkRole(role: Role, config: Config): void {
  if (config.transport.mode === 'kafka' && role !== 'query' && role !== 'alerting') {
    const message = `plimsoll ${role}: expected transport.mode: direct, got kafka; only "plimsoll collector" publishes to Kafka`;
    throw new PlimsollError('transport_unsupported', message);
  }
  if (role === 'all' || config.storage.mode === 'server') return;
  const message =
    `plimsoll ${role}: expected storage.mode: server, got embedded; ` +
    'the embedded engine belongs to one process, so no role can use it alone';
  throw new PlimsollError('role_needs_server', message);
}
