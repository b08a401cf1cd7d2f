import { messageOf } from '@plimsoll/runtime';
import type { Component } from '@plimsoll/runtime';
import { migrate, openEngine } from '@plimsoll/storage';
import { toCodedError } from '../coded-error.ts';
import { engineOptions } from './engine-options.ts';
import type { ProcessContext } from './process-context.ts';

/** Opens ClickHouse; closing it ends queries that are under way. */
export function storage({ config, engine, logger, health }: ProcessContext): Component {
  return {
    name: 'storage',
    start: async () => {
      const child = logger.child({ component: 'storage' });
      try {
        engine.set(await openEngine({ ...engineOptions(config), logger: child }));
      } catch (error) {
        throw toCodedError(error);
      }
      health.registerReady('storage', async () => {
        try {
          await engine.get().ping();
          return { ok: true };
        } catch (error) {
          return { ok: false, reason: messageOf(error) };
        }
      });
    },
    stop: async () => {
      if (engine.isFilled) await engine.get().close();
    },
  };
}

/** Brings the tables up to date before anything reads or writes them. */
export function migrations({ config, engine, schema, logger }: ProcessContext): Component {
  return {
    name: 'migrations',
    start: async () => {
      const { retention } = config.storage;
      const child = logger.child({ component: 'storage' });
      try {
        schema.set(await migrate(engine.get(), { retention, logger: child }));
      } catch (error) {
        throw toCodedError(error);
      }
    },
  };
}
