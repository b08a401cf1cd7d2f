import type { Finding } from '@plimsoll/collector';
import { messageOf, redactUrl } from '@plimsoll/runtime';
import type { Config } from '@plimsoll/runtime';
import { checkClock } from './check-clock.ts';

const timeoutMs = 5000;

/** Pings the server that rows go to, and compares clocks with it. Never rejects. */
export async function checkClickHouse({ url }: Config['storage']): Promise<Finding[]> {
  const subject = 'ClickHouse';
  const where = redactUrl(url);
  try {
    const from = Date.now();
    const response = await fetch(new URL('/ping', url), { signal: AbortSignal.timeout(timeoutMs) });
    await response.arrayBuffer();
    if (!response.ok) throw new Error(`status ${response.status}`);
    const milliseconds = Date.now() - from;
    const date = response.headers.get('date');
    return [
      {
        subject,
        level: 'ok',
        message: `${where} answered in ${milliseconds} ms`,
        lost: '',
        remedy: '',
      },
      ...(date === null ? [] : [checkClock({ date, from, to: Date.now(), of: 'ClickHouse' })]),
    ];
  } catch (error) {
    return [
      {
        subject,
        level: 'fail',
        message: `${where} does not answer: ${causeOf(error)}`,
        lost: 'nothing while the journal has room; then reading stops',
        remedy: 'start it, or correct storage.url',
      },
    ];
  }
}

/** fetch hides the reason in the cause. */
function causeOf(error: unknown): string {
  const inner = error instanceof Error && error.cause !== undefined ? error.cause : error;
  return messageOf(inner);
}
