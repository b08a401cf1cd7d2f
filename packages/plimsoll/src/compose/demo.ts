import { basename, join } from 'node:path';
import process from 'node:process';
import { Demo, prepareDemoFolder } from '@plimsoll/demo';
import type { Component } from '@plimsoll/runtime';
import type { ProcessContext } from './process-context.ts';
import { progressBar } from './progress-bar.ts';

/** Empties the folder of an earlier demo; the lock is this process's own. */
export function demoFolder({ config, layout }: ProcessContext): Component {
  return {
    name: 'demo folder',
    start: () => prepareDemoFolder(config.data_dir, [basename(layout.lock)]),
  };
}

/** A day of a simulated fleet, before alerting looks at it. */
export function demoHistory(context: ProcessContext): Component {
  const { config, layout } = context;
  return {
    name: 'demo history',
    start: async () => {
      const bar = progressBar(process.stderr, 'Making 24 hours of history');
      const demo = new Demo({
        directory: join(config.data_dir, 'hosts'),
        stateDirectory: layout.collector,
        tenant: config.tenant,
        version: context.version,
        config: config.collector,
        publisher: context.publisher.get(),
        logger: context.logger.child({ component: 'demo' }),
        onProgress: (done) => bar.show(done),
      });
      context.demo.set(demo);
      try {
        await demo.fill();
      } finally {
        bar.end();
      }
    },
  };
}

/** Three collectors that read what the simulated hosts write. */
export function demoFleet(context: ProcessContext): Component {
  return {
    name: 'demo fleet',
    stopTimeoutMs: 7000,
    start: () => context.demo.get().start(),
    stop: async () => {
      if (context.demo.isFilled) await context.demo.get().stop();
    },
  };
}
