import type { ReactNode } from 'react';
import { useQuery } from '@tanstack/react-query';
import type { PipelineHealth } from '@plimsoll/model/api';
import { fleetQuery } from '../api/fleet-queries.ts';
import { formatDuration, quantityText } from '../format/quantity.ts';
import { clockTime } from '../format/time.ts';
import { useNow } from '../ui/use-now.ts';
import { errorText } from '../ui/notices.tsx';
import { Skeleton } from '../ui/skeleton.tsx';
import { judgePipeline, staleDataSeconds } from './pipeline-verdict.ts';

/** How old the data is and whether all of it is there: always in sight. */
export function PipelineFooter(): ReactNode {
  const { data } = useQuery(fleetQuery);
  if (data === undefined) {
    return (
      <div className="pipeline-footer" aria-hidden="true">
        <Skeleton width={104} />
        <Skeleton width={88} />
        <Skeleton width={96} />
      </div>
    );
  }
  const { pipeline } = data;
  return (
    <dl className="pipeline-footer" aria-label="Pipeline">
      <DataAge health={pipeline} />
      <div title="Records that the collectors had to give up, counted by reason. A line that is sent twice is stored once: stored byte ranges tell.">
        <span data-tone={pipeline.records_lost > 0 ? 'over' : undefined}>
          {quantityText(pipeline.records_lost, 'count')} lines lost
        </span>
      </div>
      <div>{quantityText(Math.round(pipeline.lines_per_second), 'count')} lines/s</div>
      <div title={`${quantityText(pipeline.lines_stored, 'count')} lines stored`}>
        {pipeline.collectors_reporting} of {pipeline.collectors_known}{' '}
        {pipeline.collectors_known === 1 ? 'collector' : 'collectors'}
      </div>
      {pipeline.runtimes_missing.map((missing) => (
        <div
          key={missing.host}
          className="truncate"
          title={`Docker on ${missing.host} is ${missing.status}; the host itself and plain log files are still watched`}
        >
          no Docker on {missing.host}
        </div>
      ))}
    </dl>
  );
}

function DataAge({ health }: { health: PipelineHealth }): ReactNode {
  const { dataUpdatedAt } = useQuery(fleetQuery);
  const now = useNow();
  if (health.data_age_seconds === null) return <div>no data yet</div>;
  const age = health.data_age_seconds + Math.max(0, now - dataUpdatedAt) / 1000;
  return (
    <div>
      data is{' '}
      <b data-tone={age > staleDataSeconds ? 'over' : 'well'}>
        {age < 10 ? `${age.toFixed(1)} s` : formatDuration(Math.round(age))}
      </b>{' '}
      old
    </div>
  );
}

/** Stands above everything as soon as the page may not claim to be fresh and complete. */
export function PipelineBanner(): ReactNode {
  const { data, error, dataUpdatedAt, isError } = useQuery(fleetQuery);
  if (isError) {
    const since =
      dataUpdatedAt > 0 ? ` What you see is from ${clockTime(dataUpdatedAt, false)}.` : '';
    return <Banner level="unwell" text={`${errorText(error)}${since}`} />;
  }
  if (data === undefined) return null;
  const verdict = judgePipeline(data.pipeline);
  if (verdict.level === 'well') return null;
  return <Banner level={verdict.level} text={sentence(verdict.problems)} />;
}

function Banner({ level, text }: { level: 'behind' | 'unwell'; text: string }): ReactNode {
  return (
    <div className="pipeline-banner" data-level={level} role="status">
      <svg width="14" height="14" viewBox="0 0 14 14" aria-hidden="true">
        <path
          d="M7 1.2 13.4 12.6H.6z"
          fill="none"
          stroke="currentColor"
          strokeWidth="1.4"
          strokeLinejoin="round"
        />
        <path
          d="M7 5.4v3.2M7 10.6v.01"
          stroke="currentColor"
          strokeWidth="1.4"
          strokeLinecap="round"
        />
      </svg>
      <span>{text}</span>
    </div>
  );
}

function sentence(parts: string[]): string {
  const text = parts.join('; ');
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
