/** A transport that acknowledges at once and keeps the rows, by container. */
import {
  decodeFrame,
  type CollectorStatsRow,
  type EventRow,
  type TargetRow,
} from '@plimsoll/model';
import type { OutboundFrame, Publisher } from '@plimsoll/transport';
import type { Observed, Sample } from './fault-checks.ts';

interface Kept {
  samples: { at: number; row: Sample }[];
  events: EventRow[];
  targets: TargetRow[];
}

export class PublishedRows implements Publisher {
  readonly #containers = new Map<string, Kept>();
  #cgroupMode: CollectorStatsRow['cgroup_mode'] | undefined;

  async publish(frame: OutboundFrame): Promise<void> {
    const decoded = await decodeFrame(frame.bytes);
    if (decoded.kind !== 'rows') return;
    const { table, columns } = decoded.header;
    for (const line of decoded.payload.toString().trimEnd().split('\n')) {
      const values: unknown = JSON.parse(line);
      if (!Array.isArray(values)) throw new Error('expected an array per line');
      const row = Object.fromEntries(columns.map((name, place) => [name, values[place]]));
      this.#keep(table, row);
    }
  }

  /** What was published of a container, its samples from a moment on. */
  of(name: string, fromMs: number): Observed {
    const { samples, events, targets } = this.#kept(name);
    return {
      samples: samples.filter(({ at }) => at >= fromMs).map(({ row }) => row),
      events,
      targets,
    };
  }

  /** As the collector's own account says; undefined before the first one. */
  get cgroupMode(): string | undefined {
    return this.#cgroupMode;
  }

  isHybridOrV1(): boolean {
    return this.#cgroupMode === 'hybrid' || this.#cgroupMode === 'v1';
  }

  #keep(table: string, row: Record<string, unknown>): void {
    const kept = this.#kept(String(row['container_name']));
    switch (table) {
      case 'container_stats':
        kept.samples.push({ at: Date.parse(`${String(row['time'])}Z`), row });
        return;
      case 'events':
        // The columns are the row's, in their order.
        kept.events.push(row as unknown as EventRow);
        return;
      case 'targets':
        kept.targets.push(row as unknown as TargetRow);
        return;
      case 'collector_stats':
        this.#cgroupMode = (row as unknown as CollectorStatsRow).cgroup_mode;
        return;
      default:
    }
  }

  #kept(name: string): Kept {
    const kept = this.#containers.get(name) ?? { samples: [], events: [], targets: [] };
    this.#containers.set(name, kept);
    return kept;
  }
}
