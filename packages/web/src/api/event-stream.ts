import { send } from './client.ts';
import { SseParser } from './sse-parser.ts';

export interface EventStreamOptions {
  url: string;
  signal: AbortSignal;
  onEvent: (data: string) => void;
  /** `null` while connected, else why not and that it is tried again. */
  onStatus: (problem: string | null) => void;
}

const firstRetryMs = 500;
const maxRetryMs = 15_000;

/**
 * Follows a stream of server-sent events until the signal aborts, connecting again with doubling
 * waits. `fetch` instead of `EventSource`, because that cannot send an access token.
 */
export async function followEvents(options: EventStreamOptions): Promise<void> {
  let retryMs = firstRetryMs;
  while (!options.signal.aborted) {
    let problem = 'the server closed the live stream';
    try {
      await readOnce(options, () => (retryMs = firstRetryMs));
    } catch (error) {
      problem = error instanceof Error ? error.message : String(error);
    }
    if (options.signal.aborted) return;
    options.onStatus(problem);
    await wait(retryMs, options.signal);
    retryMs = Math.min(retryMs * 2, maxRetryMs);
  }
}

async function readOnce(options: EventStreamOptions, onConnected: () => void): Promise<void> {
  const response = await send(options.url, {
    signal: options.signal,
    headers: { accept: 'text/event-stream' },
  });
  if (response.body === null) return;
  options.onStatus(null);
  const parser = new SseParser();
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    onConnected();
    for (const data of parser.push(value)) options.onEvent(data);
  }
}

function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true });
  });
}
