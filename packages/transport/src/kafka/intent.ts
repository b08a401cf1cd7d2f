/**
 * What is recorded of a partition in the metadata of its committed offset, as JSON:
 *
 *     {"v":1,"incarnation":"mh3k2x9a"}                                nothing under way
 *     {"v":1,"incarnation":"mh3k2x9a","intent":[120,164],"bytes":901} frames 120 to 164 are being stored
 *
 * The committed offset is that of the first frame which is not known to be stored: with an intent,
 * its first. A few dozen bytes; brokers take 4096 (`offset.metadata.max.bytes`).
 */
export interface Intent {
  first: number;
  last: number;
  /** Of its frames as they are fetched: what a replay needs of memory. */
  bytes: number;
}

export interface Position {
  /**
   * Names the life of a partition that these offsets count: another where nothing is known of those
   * before. Part of a batch's partition, so of its tokens and ranges.
   */
  incarnation: string;
  /** Offset of the first frame that is not known to be stored. */
  next: number;
  /** The batch whose insert was begun and is not known to be complete; `first` is `next`. */
  intent: Intent | null;
}

export type Metadata =
  | { ok: true; incarnation: string; intent: Intent | null }
  | { ok: false; problem: 'empty' | 'newer' | 'unreadable' };

const version = 1;

export function encodeMetadata({ incarnation, intent }: Omit<Position, 'next'>): string {
  const bounds = intent && { intent: [intent.first, intent.last], bytes: intent.bytes };
  return JSON.stringify({ v: version, incarnation, ...bounds });
}

export function decodeMetadata(text: string): Metadata {
  // As tools that set offsets leave it.
  if (text === '') return { ok: false, problem: 'empty' };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { ok: false, problem: 'unreadable' };
  }
  const field = (name: string): unknown =>
    typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
  const v = field('v');
  if (typeof v === 'number' && v > version) return { ok: false, problem: 'newer' };
  const incarnation = field('incarnation');
  const intent = intentOf(field('intent'), field('bytes'));
  if (v !== version || typeof incarnation !== 'string' || intent === undefined) {
    return { ok: false, problem: 'unreadable' };
  }
  if (!/^[a-z0-9]{1,32}$/.test(incarnation)) return { ok: false, problem: 'unreadable' };
  return { ok: true, incarnation, intent };
}

function intentOf(bounds: unknown, bytes: unknown): Intent | null | undefined {
  if (bounds === undefined) return null;
  if (!isList(bounds) || bounds.length !== 2) return undefined;
  const [first, last] = bounds;
  if (!isOffset(first) || !isOffset(last) || !isOffset(bytes) || last < first) return undefined;
  return { first, last, bytes };
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

function isOffset(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
