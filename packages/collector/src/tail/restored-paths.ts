/** Paths that the checkpoint names and nobody has followed yet. */
import { existsSync } from 'node:fs';
import type { TargetLabels } from '@plimsoll/model';
import type { CheckpointFile } from '../checkpoint/format.ts';
import { LogFile } from './log-file.ts';
import type { LogGap } from './path-spec.ts';

export class RestoredPaths {
  readonly #paths: Map<string, CheckpointFile[]>;

  constructor(restored: readonly CheckpointFile[]) {
    this.#paths = Map.groupBy(restored, ({ followed }) => followed);
  }

  /** The files of a path that is followed from now on. */
  take(path: string): LogFile[] {
    const saved = this.#paths.get(path) ?? [];
    this.#paths.delete(path);
    return saved.map((each) => LogFile.restore(each));
  }

  /** Forgets what is gone, or was not seen since `oldestMs`; returns what that costs. */
  forgetAbsent(labels: TargetLabels, oldestMs: number): LogGap[] {
    const gaps: LogGap[] = [];
    for (const [path, saved] of this.#paths) {
      const isOld = saved.every((file) => file.seen_at_ms < oldestMs);
      if (existsSync(path) && !isOld) continue;
      this.#paths.delete(path);
      for (const each of saved) gaps.push(gapOf(each, labels));
    }
    return gaps.filter(({ bytes }) => bytes > 0);
  }

  /** For the next checkpoint. */
  remaining(): CheckpointFile[] {
    return [...this.#paths.values()].flat();
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
