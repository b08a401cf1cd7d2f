import type { Finding } from '@plimsoll/collector';
import { messageOf, redactUrl } from '@plimsoll/runtime';
import type { Config } from '@plimsoll/runtime';
import { checkClock } from './check-clock.ts';

const timeoutMs = 5000;

/** Pings each server that rows may go to, and compares clocks with it. Never rejects. */
export async function checkClickHouse({
  url,
  urls,
  shards,
}: Config['storage']): Promise<Finding[]> {
  const servers = shards?.flat() ?? urls ?? [url];
  return (await Promise.all(servers.map((server) => checkServer(server)))).flat();
}

async function checkServer(url: string): Promise<Finding[]> {
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
