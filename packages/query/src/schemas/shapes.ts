import type { LoadState, Waterline } from '@plimsoll/model/api';
import { z } from 'zod';

/** Answers as schemas; each is held to the model's type by `satisfies`, and both by the tests. */
export const loadState = z.enum([
  'within',
  'near',
  'over',
  'leaking',
]) satisfies z.ZodType<LoadState>;

export const nullableNumber = z.number().nullable();

const seriesPoint = z.tuple([z.number(), nullableNumber]).readonly();

export const seriesByName = z.record(z.string(), z.array(seriesPoint));

export const waterline = z.object({
  used: nullableNumber,
  limit: z.number(),
  ratio: nullableNumber,
}) satisfies z.ZodType<Waterline>;
