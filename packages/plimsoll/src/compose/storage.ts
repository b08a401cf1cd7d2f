import { messageOf } from '@plimsoll/runtime';
import type { Component, Config } from '@plimsoll/runtime';
import { migrate, openEngine } from '@plimsoll/storage';
import { toCodedError } from '../coded-error.ts';
import { engineOptions } from './engine-options.ts';
import type { ProcessContext } from './process-context.ts';
import { waitUntilUsable } from './wait-until-usable.ts';

/** Opens ClickHouse, waiting for a server; closing it ends queries that are under way. */
export function storage({ config, engine, logger, health }: ProcessContext): Component {
  const child = logger.child({ component: 'storage' });
  let problem: string | null = 'not opened yet';
  return {
    name: 'storage',
    start: async (signal) => {
      health.registerReady('storage', async () => {
        if (problem !== null) return { ok: false, reason: problem };
        try {
          await engine.get().ping();
          return { ok: true };
        } catch (error) {
          return { ok: false, reason: messageOf(error) };
        }
      });
      const open = () => openEngine({ ...engineOptions(config), logger: child });
      const onProblem = (reason: string | null): void => {
        problem = reason;
      };
      try {
        engine.set(await waitUntilUsable(open, { signal, logger: child, onProblem }));
      } catch (error) {
        throw toCodedError(error);
      }
    },
    stop: async () => {
      if (engine.isFilled) await engine.get().close();
    },
  };
}

/** Brings the tables up to date before anything reads or writes them. */
export function migrations({ config, engine, schema, logger, health }: ProcessContext): Component {
  const child = logger.child({ component: 'storage' });
  let problem: string | null = 'not brought up to date yet';
  return {
    name: 'migrations',
    start: async (signal) => {
      health.registerReady('schema', () =>
        problem === null ? { ok: true } : { ok: false, reason: problem },
      );
      const { retention } = config.storage;
      const onProblem = (reason: string | null): void => {
        problem = reason;
      };
      const isServer = config.storage.mode === 'server' || isServed(config);
      const options = { retention, isServer, logger: child, signal };
      try {
        schema.set(
          await waitUntilUsable(() => migrate(engine.get(), options), {
            signal,
            logger: child,
            onProblem,
          }),
        );
      } catch (error) {
        throw toCodedError(error);
      }
    },
  };
}

/** Whether other processes may insert through this one. */
function isServed({ clickhouse_http: protocol }: Config): boolean {
  return protocol.enabled && protocol.users.some(({ access }) => access !== 'read');
}
