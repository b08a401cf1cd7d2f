/** The collector's own metrics; docs/specs/metrics.md lists them. */
import type { GaugeOf, Metrics } from '@plimsoll/runtime';
import type { CollectorStatus } from './collector.ts';
import type { FollowedLog } from './run/logs.ts';

/** What metrics are read from when they are scraped. */
export interface MetricsView {
  status: () => CollectorStatus;
  /** Files that are followed, those with most to read first, up to a number. */
  followedLogs: (most: number) => readonly FollowedLog[];
}

/** Containers with series of their own; those that lag most. */
const maxLogSeries = 500;

export class CollectorMetrics {
  readonly readBytes;
  readonly readLines;
  readonly acknowledgedBytes;
  readonly acknowledgedLines;
  readonly drops;

  constructor(metrics: Metrics, view: MetricsView) {
    this.readBytes = metrics.counter({
      name: 'plimsoll_collector_log_read_bytes_total',
      help: 'Log bytes read, by source (docker_file, docker_api, cri, file).',
      labels: ['source'],
    });
    this.readLines = metrics.counter({
      name: 'plimsoll_collector_log_read_lines_total',
      help: 'Log lines read, by source (docker_file, docker_api, cri, file).',
      labels: ['source'],
    });
    this.acknowledgedBytes = metrics.counter({
      name: 'plimsoll_collector_log_acknowledged_bytes_total',
      help: 'Log bytes that are durable at the other side.',
    });
    this.acknowledgedLines = metrics.counter({
      name: 'plimsoll_collector_log_acknowledged_lines_total',
      help: 'Log lines that are durable at the other side.',
    });
    this.drops = metrics.counter({
      name: 'plimsoll_collector_drops_total',
      help: 'What was lost, by reason; the reason ends in its unit.',
      labels: ['reason'],
    });
    addLogGauges(metrics, view.status);
    addWatchGauges(metrics, view.status);
    addScrapeGauges(metrics, view.status);
    addBudget(metrics, view.status);
    addFollowedLogs(metrics, view);
  }
}

function addLogGauges(metrics: Metrics, status: () => CollectorStatus): void {
  metrics.gauge({
    name: 'plimsoll_collector_log_lag_bytes',
    help: 'Log bytes written by containers and not acknowledged yet.',
    collect: (gauge) => {
      const { lag } = status();
      gauge.set(lag.bytes);
    },
  });
  metrics.gauge({
    name: 'plimsoll_collector_log_lag_seconds',
    help: 'How long the oldest log byte not acknowledged has waited.',
    collect: (gauge) => {
      const { lag } = status();
      gauge.set(lag.seconds);
    },
  });
  metrics.gauge({
    name: 'plimsoll_collector_in_flight_bytes',
    help: 'Raw bytes read and not acknowledged.',
    collect: (gauge) => {
      const { inFlightBytes } = status();
      gauge.set(inFlightBytes);
    },
  });
  metrics.gauge({
    name: 'plimsoll_collector_unreadable_logs',
    help: 'Logs that cannot be read; the log of the collector tells why.',
    collect: (gauge) => {
      const { unreadableFiles } = status();
      gauge.set(Object.keys(unreadableFiles).length);
    },
  });
  metrics.gauge({
    name: 'plimsoll_collector_log_stalls',
    help: 'Is 1 while the transport takes no more log, 0 otherwise.',
    collect: (gauge) => {
      const { isStalled } = status();
      gauge.set(Number(isStalled));
    },
  });
}

function addWatchGauges(metrics: Metrics, status: () => CollectorStatus): void {
  metrics.gauge({
    name: 'plimsoll_collector_followed_paths',
    help: 'Log paths that are followed.',
    collect: (gauge) => {
      const { followedPaths } = status();
      gauge.set(followedPaths);
    },
  });
  metrics.gauge({
    name: 'plimsoll_collector_api_logs',
    help: 'Containers whose log is read through the Docker API.',
    collect: (gauge) => {
      const { apiLogs } = status();
      gauge.set(apiLogs);
    },
  });
  metrics.gauge({
    name: 'plimsoll_collector_watched_containers',
    help: 'Containers known on this host.',
    collect: (gauge) => {
      const { containers } = status();
      gauge.set(containers);
    },
  });
  metrics.gauge({
    name: 'plimsoll_collector_excluded_containers',
    help: 'Containers that the configuration leaves out.',
    collect: (gauge) => {
      const { discovery } = status();
      gauge.set(discovery.excluded ?? 0);
    },
  });
  metrics.gauge({
    name: 'plimsoll_collector_scrape_duration_seconds',
    help: 'How long reading took in the last scrape.',
    collect: (gauge) => {
      gauge.set(status().scrapes.lastSeconds);
    },
  });
}

function addScrapeGauges(metrics: Metrics, status: () => CollectorStatus): void {
  metrics.gauge({
    name: 'plimsoll_collector_stats_scrapes',
    help: 'Scrapes of statistics since the start, by result (done, skipped, failed).',
    labels: ['result'],
    collect: (gauge) => {
      const { total, skipped, failed } = status().scrapes;
      gauge.set({ result: 'done' }, total);
      gauge.set({ result: 'skipped' }, skipped);
      gauge.set({ result: 'failed' }, failed);
    },
  });
  metrics.gauge({
    name: 'plimsoll_collector_kept_files',
    help: 'Descriptors of control group files that are kept open.',
    collect: (gauge) => {
      gauge.set(status().scrapes.keptFiles);
    },
  });
  metrics.gauge({
    name: 'plimsoll_collector_stats_read_errors',
    help: 'Files of statistics that could not be opened or read since the start, by error code.',
    labels: ['code'],
    collect: (gauge) => {
      gauge.reset();
      for (const [code, count] of status().scrapes.readErrors) gauge.set({ code }, count);
    },
  });
  metrics.gauge({
    name: 'plimsoll_collector_stats_damaged_values',
    help: 'Values out of range since the start, which were left out, by file.',
    labels: ['file'],
    collect: (gauge) => {
      gauge.reset();
      for (const [file, count] of status().scrapes.damagedValues) gauge.set({ file }, count);
    },
  });
}

function addBudget(metrics: Metrics, status: () => CollectorStatus): void {
  metrics.gauge({
    name: 'plimsoll_collector_stats_budget_used_ratio',
    help: 'Processor time that statistics used in the last minute, as a share of their budget.',
    collect: (gauge) => {
      const budget = status().budget;
      gauge.set(budget ? budget.usedCores / budget.limitCores : 0);
    },
  });
  metrics.gauge({
    name: 'plimsoll_collector_stats_stretch_ratio',
    help: 'Interval as a multiple of the one asked for, by tier (scrape, slow): above 1 the budget is too small.',
    labels: ['tier'],
    collect: (gauge) => {
      const budget = status().budget;
      gauge.set({ tier: 'scrape' }, budget?.intervalFactor ?? 1);
      gauge.set({ tier: 'slow' }, budget?.stretchFactor ?? 1);
    },
  });
  metrics.gauge({
    name: 'plimsoll_collector_stats_tier_seconds',
    help: 'Processor time used by each tier of statistics since the start.',
    labels: ['tier'],
    collect: (gauge) => {
      for (const [tier, seconds] of Object.entries(status().budget?.tierSeconds ?? {})) {
        gauge.set({ tier }, seconds);
      }
    },
  });
}

function addFollowedLogs(metrics: Metrics, view: MetricsView): void {
  metrics.gauge({
    name: 'plimsoll_collector_log_file_size_bytes',
    help: 'Size of a log file that is followed, of the 500 that lag most.',
    labels: ['container_name', 'path'],
    collect: (gauge) => {
      setFollowed(gauge, view, 'sizeBytes');
    },
  });
  metrics.gauge({
    name: 'plimsoll_collector_log_file_position_bytes',
    help: 'How far a log file was read, of the 500 that lag most.',
    labels: ['container_name', 'path'],
    collect: (gauge) => {
      setFollowed(gauge, view, 'positionBytes');
    },
  });
  metrics.gauge({
    name: 'plimsoll_collector_log_file_acknowledged_bytes',
    help: 'How far a log file is durable at the other side, of the 500 that lag most.',
    labels: ['container_name', 'path'],
    collect: (gauge) => {
      setFollowed(gauge, view, 'acknowledgedBytes');
    },
  });
}

function setFollowed(
  gauge: GaugeOf<'container_name' | 'path'>,
  { followedLogs }: MetricsView,
  field: 'sizeBytes' | 'positionBytes' | 'acknowledgedBytes',
): void {
  gauge.reset();
  for (const log of followedLogs(maxLogSeries)) {
    gauge.set({ container_name: log.containerName, path: log.path }, log[field]);
  }
}
