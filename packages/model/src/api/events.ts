import type { EventKind, EventSeverity } from '../rows.ts';

export interface EventEntry {
  id: string;
  time: number;
  host: string;
  container_id: string;
  container: string;
  image: string;
  kind: EventKind;
  severity: EventSeverity;
  message: string;
  attributes: Record<string, string>;
}

/** `GET /api/plimsoll/v1/events?from&to&host&container_id&kind&severity&limit&cursor` */
export interface EventPage {
  items: EventEntry[];
  next: string | null;
}
