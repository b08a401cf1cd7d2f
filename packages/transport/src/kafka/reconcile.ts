/**
 * The protocol that makes a frame of Kafka rows once. Pure; docs/specs/delivery.md says why it holds.
 *
 * Before frames `[first, last]` are inserted the bounds are recorded as the intent, together with the
 * committed offset `first`. After the insert `last + 1` is committed without an intent, or with that
 * of the next batch: one commit then ends the one and begins the other. Whoever has the partition
 * next replays the recorded intent with its own bounds, before anything else.
 */
import { decodeMetadata, type Intent, type Position } from './intent.ts';

export interface Committed {
  /** Null where nothing was ever committed. */
  offset: number | null;
  metadata: string;
}

export interface Log {
  /** First offset that the log still has. */
  start: number;
  /** Offset after its last frame. */
  end: number;
}

export const lossReasons = [
  /** Retention took frames before any of them was stored. */
  'retention',
  /** Retention took frames of a batch whose insert had begun: some or all may be stored. */
  'retention_under_way',
] as const;
export type LossReason = (typeof lossReasons)[number];

export interface Loss {
  reason: LossReason;
  first: number;
  last: number;
}

export const freshStarts = [
  /** Nothing was ever committed, or so long ago that the brokers forgot it. */
  'new',
  /** Another hand set the offset, such as an operator's tool. */
  'moved',
  /** The metadata is of a later version of this software. */
  'newer',
  /** The metadata is not ours. */
  'unreadable',
  /** The intent does not begin at the committed offset. */
  'inconsistent',
  /** The log ends before the committed offset: the topic was made anew, or lost its end. */
  'log_shrunk',
] as const;
export type FreshStart = (typeof freshStarts)[number];

export interface Resumed {
  position: Position;
  losses: Loss[];
  /** Why this is another incarnation; null where the recorded one goes on. */
  fresh: FreshStart | null;
  /** Whether the position is not what is committed, so that it must be recorded. */
  isChanged: boolean;
}

/**
 * Where to go on with a partition that was assigned. Never waits for what will not come: frames that
 * the log does not have any more are given as losses. `fresh` names the next incarnation, if any.
 */
export function resume(committed: Committed, log: Log, fresh: string): Resumed {
  if (committed.offset === null) return startAt(log.start, 'new', fresh);
  const { offset } = committed;
  const metadata = decodeMetadata(committed.metadata);
  if (offset > log.end) return startAt(log.start, 'log_shrunk', fresh);
  if (!metadata.ok) {
    const why = metadata.problem === 'empty' ? 'moved' : metadata.problem;
    return afterRetention(startAt(offset, why, fresh), log);
  }
  const { incarnation, intent } = metadata;
  if (intent !== null && intent.first !== offset) {
    // What was under way may be incomplete, so the earlier of both; ranges trim what is stored.
    return afterRetention(startAt(Math.min(offset, intent.first), 'inconsistent', fresh), log);
  }
  if (intent !== null && intent.last >= log.end) return startAt(log.start, 'log_shrunk', fresh);
  const position = { incarnation, next: offset, intent };
  const resumed = { position, losses: [], fresh: null, isChanged: false };
  if (intent !== null && intent.first < log.start) return afterLostIntent(intent, log, fresh);
  return afterRetention(resumed, log);
}

function startAt(next: number, why: FreshStart, incarnation: string): Resumed {
  const position = { incarnation, next, intent: null };
  return { position, losses: [], fresh: why, isChanged: true };
}

function afterRetention(resumed: Resumed, { start }: Log): Resumed {
  const { position, losses } = resumed;
  if (position.next >= start) return resumed;
  const loss: Loss = { reason: 'retention', first: position.next, last: start - 1 };
  return {
    ...resumed,
    position: { ...position, next: start },
    losses: [...losses, loss],
    isChanged: true,
  };
}

/**
 * The batch cannot be made again as it was. What is left of it is taken as new frames, of another
 * incarnation: its ranges are trimmed by what the first try stored, and its tokens collide with none.
 */
function afterLostIntent(intent: Intent, log: Log, fresh: string): Resumed {
  const last = Math.min(intent.last, log.start - 1);
  const losses: Loss[] = [{ reason: 'retention_under_way', first: intent.first, last }];
  const position = { incarnation: fresh, next: last + 1, intent: null };
  return afterRetention({ position, losses, fresh: 'inconsistent', isChanged: true }, log);
}

/** What one life of a member knows of a partition. */
export interface Known {
  /** As committed. */
  recorded: Position;
  /** Whether the recorded intent was stored in this life. */
  isStored: boolean;
}

export type Step =
  /** Commit this position: from here on, whoever dies, it is what is known. */
  | { do: 'record'; position: Position }
  /** Insert frames `[first, last]` under the token of these bounds. */
  | { do: 'insert'; first: number; last: number; isReplay: boolean };

/**
 * The next steps, with the batch that could be taken up now. An intent that is recorded and not
 * known to be stored goes first, with its own bounds; `available` is then not looked at.
 */
export function reconcile(known: Known, available: Intent | null): Step[] {
  const { recorded, isStored } = known;
  const { incarnation, intent } = recorded;
  if (intent !== null && !isStored) {
    return [{ do: 'insert', first: intent.first, last: intent.last, isReplay: true }];
  }
  const next = nextOf(known);
  if (available === null) {
    return intent === null ? [] : [{ do: 'record', position: { incarnation, next, intent: null } }];
  }
  const { first, last } = available;
  if (first < next) return [];
  return [
    { do: 'record', position: { incarnation, next: first, intent: available } },
    { do: 'insert', first, last, isReplay: false },
  ];
}

/** Offset from which frames are wanted. */
export function nextOf({ recorded, isStored }: Known): number {
  const { intent, next } = recorded;
  return intent !== null && isStored ? intent.last + 1 : next;
}

/** What is known after a step was carried out. */
export function after(known: Known, step: Step): Known {
  if (step.do === 'insert') return { ...known, isStored: true };
  return { recorded: step.position, isStored: false };
}
