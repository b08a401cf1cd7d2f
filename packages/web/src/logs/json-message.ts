/** A message that is one JSON object or list, parsed; null for everything else. */
export type JsonValue =
  string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue };

const maxJsonChars = 200_000;

export function parseJsonMessage(message: string): JsonValue | null {
  const text = message.trim();
  if (!/^[{[]/.test(text) || text.length > maxJsonChars) return null;
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return null;
  }
}
