/** Paths that the checkpoint names and nobody has followed yet. */
import { existsSync } from 'node:fs';
import type { TargetLabels } from '@plimsoll/model';
import type { CheckpointDone, CheckpointFile } from '../checkpoint/format.ts';
import { LogFile } from './log-file.ts';
import type { LogGap } from './path-spec.ts';

/** What a checkpoint says of files. */
export interface TailCheckpoint {
  files: CheckpointFile[];
  done: CheckpointDone[];
}

export interface RestoredPath {
  files: LogFile[];
  done: CheckpointDone[];
}

export class RestoredPaths {
  readonly #files: Map<string, CheckpointFile[]>;
  readonly #done: Map<string, CheckpointDone[]>;

  constructor({ files, done }: TailCheckpoint) {
    this.#files = Map.groupBy(files, ({ followed }) => followed);
    this.#done = Map.groupBy(done, ({ followed }) => followed);
  }

  /** The files of a path that is followed from now on. */
  take(path: string): RestoredPath {
    const { files, done } = this.#remove(path);
    return { files: files.map((each) => LogFile.restore(each)), done };
  }

  /** Forgets what is gone, or was not seen since `oldestMs`; returns what that costs. */
  forgetAbsent(labels: TargetLabels, oldestMs: number): LogGap[] {
    const gaps: LogGap[] = [];
    for (const path of new Set([...this.#files.keys(), ...this.#done.keys()])) {
      const saved = [...(this.#files.get(path) ?? []), ...(this.#done.get(path) ?? [])];
      const isOld = saved.every((file) => file.seen_at_ms < oldestMs);
      if (existsSync(path) && !isOld) continue;
      for (const each of this.#remove(path).files) gaps.push(gapOf(each, labels));
    }
    return gaps.filter(({ bytes }) => bytes > 0);
  }

  /** For the next checkpoint. */
  remaining(): TailCheckpoint {
    return { files: [...this.#files.values()].flat(), done: [...this.#done.values()].flat() };
  }

  #remove(path: string): TailCheckpoint {
    const saved = { files: this.#files.get(path) ?? [], done: this.#done.get(path) ?? [] };
    this.#files.delete(path);
    this.#done.delete(path);
    return saved;
  }
}

function gapOf(saved: CheckpointFile, labels: TargetLabels): LogGap {
  const file = LogFile.restore(saved);
  return {
    kind: 'log_gap',
    reason: 'rotated_away_bytes',
    bytes: file.unreadBytes,
    position: file.position,
    file,
    spec: {
      path: saved.followed,
      name: saved.followed,
      labels,
      format: 'plain',
      startAt: 'beginning',
      readsHistory: false,
    },
  };
}
