import { migrate, openEngine } from '@plimsoll/storage';
import { expect, test } from 'vitest';
import { serve } from './support/serve.ts';

test(
  'the migrations run through the interface as admin, and again',
  { timeout: 60_000 },
  async () => {
    await using served = await serve();
    const engine = await openEngine({
      mode: 'server',
      path: '',
      url: served.url,
      username: 'admin',
      password: 'all',
      database: 'plimsoll',
    });
    try {
      const first = await migrate(engine, { retention });
      const again = await migrate(engine, { retention });
      expect(again).not.toEqual(first);
      const own = await served.engine.select<{ name: string }>(
        "SELECT name FROM system.tables WHERE database = 'plimsoll' ORDER BY name",
      );
      expect(own.map(({ name }) => name)).toContain('logs');
    } finally {
      await engine.close();
    }
  },
);

const day = 86_400_000;
const retention = {
  logs: 7 * day,
  container_stats: day,
  host_stats: day,
  events: day,
  alerts: 0,
  samples: day,
};
