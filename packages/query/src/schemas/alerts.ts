import type { AlertEntry, AlertList, AlertRuleInfo } from '@plimsoll/model/api';
import { z } from 'zod';
import { alertEvidence } from '../alerts/alert-evidence.ts';
import { nullableNumber } from './shapes.ts';

const severity = z.enum(['info', 'warning', 'critical']);

const alertEntry = z.object({
  fingerprint: z.string(),
  rule: z.string(),
  state: z.enum(['pending', 'firing', 'resolved']),
  severity,
  summary: z.string(),
  description: z.string(),
  labels: z.record(z.string(), z.string()),
  value: z.number(),
  threshold: z.number(),
  unit: z.string(),
  active_at: z.number(),
  firing_at: nullableNumber,
  resolved_at: nullableNumber,
  updated_at: z.number(),
  evidence: alertEvidence,
}) satisfies z.ZodType<AlertEntry>;

const alertRule = z.object({
  name: z.string(),
  title: z.string(),
  description: z.string(),
  severity,
  for_seconds: z.number(),
  evaluated_at: nullableNumber,
  evaluation_ms: nullableNumber,
  error: z.string().nullable(),
}) satisfies z.ZodType<AlertRuleInfo>;

export const alertList = z.object({
  items: z.array(alertEntry),
  rules: z.array(alertRule),
}) satisfies z.ZodType<AlertList>;
