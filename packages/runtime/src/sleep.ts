import { abortReason } from './abort-reason.ts';
/** Longest delay a Node timer takes; longer ones fire at once. */
const maxTimerMs = 2 ** 31 - 1;

/** Resolves after `ms`; rejects with the signal's reason when it aborts first. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(abortReason(signal));
      return;
    }
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(abortReason(signal));
    };
    const timer = setTimeout(
      () => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      },
      Math.min(Math.max(0, ms), maxTimerMs),
    );
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
