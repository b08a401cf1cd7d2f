/**
 * A new configuration for a running process: the part of the collector takes effect at once, the
 * rest at the next start. A configuration that is not valid changes nothing.
 */
import { isDeepStrictEqual } from 'node:util';
import { PlimsollError } from '@plimsoll/runtime';
import type { Config } from '@plimsoll/runtime';
import type { AgentContext } from './agent-context.ts';

type Section = keyof Config;

/** What reloads, one time after another. Never rejects. */
export function reloader(
  context: Pick<AgentContext, 'config' | 'collector' | 'access' | 'logger' | 'metrics'>,
  load: () => Config,
): () => Promise<void> {
  const { logger, collector, access } = context;
  const reloads = context.metrics.counter({
    name: 'plimsoll_process_reloads_total',
    help: 'Configurations that were read again on SIGHUP, by result (applied, refused).',
    labels: ['result'],
  });
  let inForce = context.config;
  return async () => {
    let next: Config;
    try {
      next = load();
    } catch (error) {
      reloads.inc({ result: 'refused' });
      logger.error(
        refusal(error),
        'The new configuration was refused; the old one stays in force.',
      );
      return;
    }
    const changed = changedSections(inForce, next);
    try {
      if (changed.includes('collector')) {
        await collector.get().reload(next.collector);
        void access.get().use(next.collector);
      }
    } catch (error) {
      reloads.inc({ result: 'refused' });
      logger.error({ err: error }, 'The collector did not take the new configuration.');
      return;
    }
    inForce = { ...inForce, collector: next.collector };
    reloads.inc({ result: 'applied' });
    const waiting = changed.filter((section) => section !== 'collector');
    logger.info({ changed }, 'The configuration was read again.');
    if (waiting.length > 0) {
      logger.warn({ sections: waiting }, 'These sections take effect at the next start.');
    }
  };
}

function changedSections(before: Config, after: Config): Section[] {
  const sections = Object.keys(after) as Section[];
  return sections.filter((section) => !isDeepStrictEqual(before[section], after[section]));
}

function refusal(error: unknown): object {
  if (!(error instanceof PlimsollError)) return { err: error };
  return { reason: error.message, problems: error.hint?.split('\n').map((line) => line.trim()) };
}
