import { setFlagsFromString } from 'node:v8';

/**
 * Tells V8 that this process has a small heap and much memory outside of it. A collector's heap is
 * some 20 MB, marked in about ten milliseconds; its frames live outside the heap and make V8 mark
 * often. In small steps and on helper threads that marking took a third of the collector's CPU
 * time, in one go an eighth (`npm run bench -- collector`). For a process that is a collector and
 * nothing else, at its very start.
 */
export function expectSmallHeap(): void {
  setFlagsFromString('--no-incremental-marking');
  setFlagsFromString('--single-threaded-gc');
}
