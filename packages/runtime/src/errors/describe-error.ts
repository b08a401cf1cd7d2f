import { codeOf, messageOf, PlimsollError } from './plimsoll-error.ts';

/** An error as lines for a terminal: the message with its causes, then what to do. */
export function describeError(error: unknown, program = 'plimsoll'): string {
  const lines = [`${program}: ${chain(error).join(': ')}`];
  const code = codeOf(error);
  const hint = error instanceof PlimsollError ? error.hint : null;
  if (hint !== null) lines.push(`  ${hint}`);
  if (code !== null) lines.push(`  (${code})`);
  return lines.join('\n');
}

/** Messages from the outermost to the first cause, without those that an outer one repeats. */
function chain(error: unknown): string[] {
  const messages: string[] = [];
  let current: unknown = error;
  for (let depth = 0; depth < 5 && current !== undefined && current !== null; depth++) {
    const message = messageOf(current).split('\n')[0] ?? '';
    if (!messages.some((outer) => outer.includes(message))) messages.push(message);
    current = current instanceof Error ? current.cause : undefined;
  }
  return messages;
}
