/**
 * What to do with a partition after a start or a rebalance, when offsets are committed to a broker
 * (the journal needs none of it: its file is the intent). Pure; docs/specs/delivery.md.
 *
 * Before inserting `[first, last]` its bounds are recorded as the intent, together with the
 * committed offset `first`. After the insert `last + 1` is committed and the intent cleared by the
 * same write. So what is recorded is either `{ next, intent: null }` or `{ next: first, intent }`.
 */
export interface Intent {
  first: number;
  last: number;
}

export interface Recorded {
  /** Offset of the first frame that is not known to be stored. */
  next: number;
  /** The batch whose insert was begun and is not known to be complete. */
  intent: Intent | null;
}

export type Step =
  /** Record the bounds before anything is inserted. */
  | { do: 'record'; intent: Intent }
  /** Insert frames `[first, last]` under the token of these bounds. */
  | { do: 'insert'; first: number; last: number; isReplay: boolean }
  /** Record that everything before `next` is stored. */
  | { do: 'commit'; next: number };

/**
 * The steps for the frames `available` to be taken up: at most one batch, and always the recorded
 * intent first, with its own bounds. Without enough frames to repeat an intent there is nothing to
 * do but wait for them.
 */
export function reconcile(recorded: Recorded, available: Intent | null): Step[] {
  if (!available) return [];
  const { intent, next } = recorded;
  if (intent) {
    if (available.first > intent.first || available.last < intent.last) return [];
    return [
      { do: 'insert', ...intent, isReplay: true },
      { do: 'commit', next: intent.last + 1 },
    ];
  }
  const first = Math.max(available.first, next);
  if (first > available.last) return [];
  const batch = { first, last: available.last };
  return [
    { do: 'record', intent: batch },
    { do: 'insert', ...batch, isReplay: false },
    { do: 'commit', next: batch.last + 1 },
  ];
}
