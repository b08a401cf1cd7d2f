import { eventKinds } from '@plimsoll/model';
import type { EventPage } from '@plimsoll/model/api';
import { z } from 'zod';

export const eventKind = z.enum(eventKinds);
export const eventSeverity = z.enum(['info', 'warning', 'error']);

export const eventPage = z.object({
  items: z.array(
    z.object({
      id: z.string(),
      time: z.number(),
      host: z.string(),
      container_id: z.string(),
      container: z.string(),
      image: z.string(),
      kind: eventKind,
      severity: eventSeverity,
      message: z.string(),
      attributes: z.record(z.string(), z.string()),
    }),
  ),
  next: z.string().nullable(),
}) satisfies z.ZodType<EventPage>;
