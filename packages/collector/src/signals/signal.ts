import type { EventRow, HostStatsValue } from '@plimsoll/model';
import type { Clock, Logger } from '@plimsoll/runtime';
import type { Target } from '../target.ts';

/** What a signal may use of the collector it runs in. */
export interface SignalContext {
  readonly tenant: string;
  readonly host: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Containers that exist now. */
  readonly targets: () => readonly Target[];
  readonly onEvent: (event: EventRow) => void;
}

/** Something that is watched beside logs and control groups, at a pace of its own. */
export interface Signal {
  start(): void;
  stop(): Promise<void>;
  /** The values it knows now, for the next row of `host_stats`. */
  hostValues(): Readonly<Partial<Record<HostStatsValue, number>>>;
}
