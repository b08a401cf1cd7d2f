import { collectorSettings } from '@plimsoll/agent/process-settings';
import type { ProcessSettings } from '@plimsoll/cli/process-settings';

/** Roles with an engine, or a connection to one, that run until they are told to stop. */
const roles = new Set(['all', 'ingest', 'query', 'alerting', 'storage', 'demo']);

/** What a role needs; null for a command that ends by itself, which is run as it is. */
export function settingsFor(args: readonly string[], cores: number): ProcessSettings | null {
  const [role = ''] = args;
  if (role === 'collector') return collectorSettings;
  if (!roles.has(role)) return null;
  return {
    flags: [],
    env: {
      // Statements of the embedded engine occupy the threads of libuv's pool, which files and DNS
      // use too; so do those that come over ClickHouse's protocol, until their result is taken.
      UV_THREADPOOL_SIZE: String(Math.max(32, 4 * cores)),
      // The embedded engine frees large blocks often: from this size on they go back to the system
      // at once, a tenth less resident memory under full load.
      MALLOC_MMAP_THRESHOLD_: '1048576',
    },
  };
}
