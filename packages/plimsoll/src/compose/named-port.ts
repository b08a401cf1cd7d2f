import { PlimsollError } from '@plimsoll/runtime';

/** A process opens several ports: whoever finds one taken is told by which key to choose another. */
export async function withNamedPort<T>(key: string, open: () => Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (error) {
    if (!(error instanceof PlimsollError) || error.code !== 'port_in_use') throw error;
    throw new PlimsollError('port_in_use', `${key}: ${error.message}`, {
      cause: error,
      hint: `Stop that process, set ${key} to another port (0 takes a free one), or switch it off.`,
    });
  }
}
