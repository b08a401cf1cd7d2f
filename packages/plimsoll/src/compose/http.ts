import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createQueryServer } from '@plimsoll/query';
import { listen, opsRoutes } from '@plimsoll/runtime';
import type { Component } from '@plimsoll/runtime';
import { DeadLetterCount } from './dead-letter-count.ts';
import type { ProcessContext } from './process-context.ts';

/** The built page of this repository. */
const webRoot = join(import.meta.dirname, '../../../web/dist');

const firstCountMs = 500;

/** Page, native API and ops routes on one port. */
export function http(context: ProcessContext): Component {
  const { config, health, metrics } = context;
  const logger = context.logger.child({ component: 'query' });
  let close: (() => Promise<void>) | null = null;
  return {
    name: 'http',
    start: async () => {
      if (!existsSync(join(webRoot, 'index.html'))) {
        logger.warn({ webRoot }, 'The page is not built: only the API is served.');
      }
      const deadLetters = new DeadLetterCount(() => countLetters(context));
      // Those in Kafka cannot be counted while it is away: the page does not wait for it.
      await Promise.race([deadLetters.refresh(), sleep(firstCountMs, undefined, { ref: false })]);
      const app = await createQueryServer({
        engine: context.engine.get(),
        config,
        logger,
        metrics,
        webRoot,
        version: context.version,
        status: () => ({ deadLetters: deadLetters.get() }),
      });
      close = () => app.close();
      await app.register(opsRoutes, { health, metrics });
      context.address.set(await listen(app, config.http));
    },
    stop: () => close?.(),
  };
}

/** A process that stores nothing knows of none. */
function countLetters({ deadLetters }: ProcessContext): Promise<number> {
  return deadLetters.isFilled ? deadLetters.get().count() : Promise.resolve(0);
}
