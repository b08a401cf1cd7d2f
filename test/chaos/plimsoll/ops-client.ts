/** Health and metrics of a role. */
import { messageOf } from '@plimsoll/runtime';

const timeoutMs = 2000;

/** Value of a metric without labels; null while the role does not answer or has no such metric. */
export async function readMetric(port: number, name: string): Promise<number | null> {
  const text = await get(port, '/metrics').then(
    ({ body }) => body,
    () => '',
  );
  const value = new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1];
  return value === undefined ? null : Number(value);
}

/** Status and body of `/readyz`, or why there is none. */
export async function readReady(port: number): Promise<string> {
  try {
    const { status, body } = await get(port, '/readyz');
    return `${status} ${body.trim()}`;
  } catch (error) {
    return `no answer: ${messageOf(error)}`;
  }
}

async function get(port: number, path: string): Promise<{ status: number; body: string }> {
  const signal = AbortSignal.timeout(timeoutMs);
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { signal });
  return { status: response.status, body: await response.text() };
}
