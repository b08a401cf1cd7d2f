import type { Batch, Lease } from '@plimsoll/transport';
import type { Part } from '../plan/insert-unit.ts';

/** A batch while it is being stored, and what became of its parts so far. */
export interface BatchWork {
  batch: Batch;
  lease: Lease;
  /** Ends waits and further tries: the lease is lost, or ingest stops. */
  signal: AbortSignal;
  /** Ends all work on the batch: a part of it has learnt that the lease is lost. */
  abandon: (reason: unknown) => void;
  /** Ends inserts under way: at once when the lease is lost, after a while when ingest stops. */
  insertSignal: AbortSignal;
  /** Tokens of inserts that an earlier try found refused, and divided. */
  divided: ReadonlySet<string>;
  /** Parts that became dead letters: nothing of them is stored, so their ranges are not either. */
  refused: Set<Part>;
}
