import type { AlertEvidence } from '@plimsoll/model/api';
import { z } from 'zod';

const optionalNumber = z.number().nullable();

export const alertEvidence = z.object({
  series: z.array(z.tuple([z.number(), optionalNumber]).readonly()),
  unit: z.enum(['bytes', 'ratio', 'count', 'seconds', 'cores']),
  limit: optionalNumber,
  slope_per_second: optionalNumber,
  time_left_seconds: optionalNumber,
  time_left_low_seconds: optionalNumber,
  time_left_high_seconds: optionalNumber,
  since: optionalNumber,
  confidence: optionalNumber,
}) satisfies z.ZodType<AlertEvidence>;
