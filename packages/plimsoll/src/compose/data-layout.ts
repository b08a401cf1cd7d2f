import { join } from 'node:path';

/** Every name below the data folder. */
export interface DataLayout {
  /** The embedded engine's. */
  engine: string;
  /** Frames that were acknowledged and are not stored yet. */
  journal: string;
  /** Frames that cannot be stored, each with its reason. */
  deadLetters: string;
  /** Positions of log files, by collector. */
  collector: string;
  /** Names the process that uses the folder. */
  lock: string;
}

export function dataLayout(dataDir: string): DataLayout {
  return {
    engine: join(dataDir, 'clickhouse'),
    journal: join(dataDir, 'journal'),
    deadLetters: join(dataDir, 'dead-letters'),
    collector: join(dataDir, 'collector'),
    lock: join(dataDir, 'plimsoll.lock'),
  };
}
