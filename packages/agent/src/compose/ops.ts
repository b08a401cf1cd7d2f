import { OpsServer } from '@plimsoll/runtime';
import type { Component } from '@plimsoll/runtime';
import type { AgentContext } from './agent-context.ts';

/** `/healthz`, `/readyz` and `/metrics` alone, for a role without a page. */
export function ops({ config, health, metrics, address }: AgentContext): Component {
  const server = new OpsServer({ ...config.http, health, metrics });
  return {
    name: 'ops',
    start: async () => {
      await server.start();
      address.set(server.url);
    },
    stop: () => server.stop(),
  };
}
