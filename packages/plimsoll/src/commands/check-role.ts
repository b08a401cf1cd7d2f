import { PlimsollError } from '@plimsoll/runtime';
import type { Config } from '@plimsoll/runtime';
import type { Role } from '../compose/start-order.ts';

/** @throws {PlimsollError} `role_needs_server`, `role_needs_engine` */
export function checkRole(role: Role, config: Config): void {
  if (role === 'all') return;
  if (role === 'storage') {
    checkStorage(config);
    return;
  }
  if (config.storage.mode === 'server') return;
  const message =
    `plimsoll ${role}: expected storage.mode: server, got embedded; ` +
    'the embedded engine belongs to one process, so no role can use it alone';
  throw new PlimsollError('role_needs_server', message);
}

function checkStorage({ storage, clickhouse_http: protocol }: Config): void {
  const problem =
    storage.mode === 'server'
      ? 'expected storage.mode: embedded, got server; it is a server itself'
      : protocol.enabled
        ? null
        : 'expected clickhouse_http.enabled: true, got false; it would serve nothing';
  if (problem !== null)
    throw new PlimsollError('role_needs_engine', `plimsoll storage: ${problem}`);
}
