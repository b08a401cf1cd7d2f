/** What the collector tells of itself. */
import { hostLabels, type EventRow } from '@plimsoll/model';
import type { Clock } from '@plimsoll/runtime';
import { makeEvent } from '../events.ts';

type OwnEventKind =
  'collector_started' | 'collector_stopped' | 'collector_reloaded' | 'collector_stretched';

export interface Told {
  message: string;
  severity?: EventRow['severity'];
  attributes?: Record<string, string>;
}

export interface OwnEventsOptions {
  tenant: string;
  host: string;
  version: string;
  collectorId: string;
  epoch: number;
  clock: Clock;
  onEvent: (event: EventRow) => void;
}

export class OwnEvents {
  readonly #options: OwnEventsOptions;

  constructor(options: OwnEventsOptions) {
    this.#options = options;
  }

  tell(kind: OwnEventKind, { message, severity = 'info', attributes }: Told): void {
    const { tenant, host, version, collectorId, epoch, clock, onEvent } = this.#options;
    const timeMs = clock.now();
    onEvent(
      makeEvent({
        labels: hostLabels(tenant, host),
        timeMs,
        kind,
        severity,
        message,
        attributes: { source: 'collector', version, collector_id: collectorId, ...attributes },
        occurrence: `${collectorId} ${epoch} ${timeMs}`,
      }),
    );
  }
}
