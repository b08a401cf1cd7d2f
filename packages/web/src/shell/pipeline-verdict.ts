import type { PipelineHealth } from '@plimsoll/model/api';
import { formatDuration, quantityText } from '../format/quantity.ts';

/** Whether the page may claim that its data is fresh and complete, and if not, why, worst first. */
export interface PipelineVerdict {
  level: 'well' | 'behind' | 'unwell';
  problems: string[];
}

export const staleDataSeconds = 60;
const logLagSeconds = 30;

export function judgePipeline(health: PipelineHealth): PipelineVerdict {
  const unwell: string[] = [];
  const behind: string[] = [];
  if (health.records_lost > 0) unwell.push(lostText(health));
  if (health.dead_letters > 0) {
    unwell.push(
      `${quantityText(health.dead_letters, 'count')} frames could not be stored and were set aside`,
    );
  }
  if (health.data_age_seconds === null) behind.push('no sample has arrived yet');
  else if (health.data_age_seconds > staleDataSeconds) {
    unwell.push(`the newest sample is ${formatDuration(health.data_age_seconds)} old`);
  }
  const silent = health.collectors_known - health.collectors_reporting;
  if (silent > 0) {
    unwell.push(
      `${silent} of ${health.collectors_known} collectors ${silent === 1 ? 'is' : 'are'} silent`,
    );
  }
  if (health.log_lag_seconds > logLagSeconds) {
    behind.push(
      `log lines arrive ${formatDuration(health.log_lag_seconds)} late, ${quantityText(health.log_lag_bytes, 'bytes')} are waiting`,
    );
  }
  const level = unwell.length > 0 ? 'unwell' : behind.length > 0 ? 'behind' : 'well';
  return { level, problems: [...unwell, ...behind] };
}

function lostText(health: PipelineHealth): string {
  const reasons = Object.entries(health.lost_by_reason)
    .filter(([, count]) => count > 0)
    .sort((a, b) => b[1] - a[1])
    .map(([reason, count]) => `${reason.replaceAll('_', ' ')} ${quantityText(count, 'count')}`);
  const lost = `${quantityText(health.records_lost, 'count')} ${health.records_lost === 1 ? 'record was' : 'records were'} lost`;
  return reasons.length === 0 ? lost : `${lost} (${reasons.join(', ')})`;
}
