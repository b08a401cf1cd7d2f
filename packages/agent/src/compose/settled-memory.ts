/**
 * Starting reads modules, finds every container and reads each log from where it stopped. What that
 * leaves in the heap is scattered over more of it than is used afterwards: one compaction, once it is
 * over, gives a tenth of the resident memory back to the host (`npm run bench -- collector`).
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Component } from '@plimsoll/runtime';
import type { AgentContext } from './agent-context.ts';

/** By then a host's containers are found, and their code has run often enough to be compiled. */
const startIsOverMs = 30_000;

/** Compacts the heap when the start is over. */
export function settledMemory({ logger }: Pick<AgentContext, 'logger'>): Component {
  let timer: NodeJS.Timeout | undefined;
  return {
    name: 'memory',
    start: async () => {
      timer = setTimeout(() => {
        const before = process.memoryUsage.rss();
        compactHeap();
        const after = process.memoryUsage.rss();
        logger.debug({ before, after }, 'Memory that starting took was given back.');
      }, startIsOverMs);
      timer.unref();
    },
    stop: async () => {
      clearTimeout(timer);
    },
  };
}

/** Takes some 0.15 s for the heap of a collector, in which nothing else runs. */
export function compactHeap(): void {
  setFlagsFromString('--expose-gc');
  // What V8 names so with that flag.
  const collect = runInNewContext('gc') as (options: { type: string; flavor: string }) => void;
  setFlagsFromString('--no-expose-gc');
  // The flavour with which V8 frees all that it can when memory runs out.
  collect({ type: 'major', flavor: 'last-resort' });
}
