/** What the tailer is told of a path, and what it tells when bytes of it are lost. */
import type { TargetLabels } from '@plimsoll/model';
import type { TailFormat } from './cut.ts';
import type { LogFile } from './log-file.ts';
import type { RecordProcessor } from './record-processor.ts';

export interface PathSpec {
  /** Path to open; the key. */
  path: string;
  /** Path as its owner names it: without `roots.host`. */
  name: string;
  labels: TargetLabels;
  format: TailFormat;
  startAt: 'beginning' | 'end';
  /** Rotated files found at the first look belong to the path and are read first. */
  readsHistory: boolean;
  /** Looks at each line; without one the bytes are shipped as they are. */
  processor?: RecordProcessor | undefined;
}

/** Bytes that can never be read again. `bytes` counts those known of; there may be more. */
export interface LogGap {
  kind: 'log_gap' | 'log_truncated';
  reason: 'rotated_away_bytes' | 'truncated_bytes' | 'held_files_bytes';
  bytes: number;
  position: number;
  file: LogFile;
  spec: PathSpec;
}
