export type { ApiError, Page, TimeRange, SeriesPoint, Waterline, LoadState } from './shapes.ts';
export type { FleetSummary, PipelineHealth, FleetCause, FleetTank, FleetTanks } from './fleet.ts';
export type { HostList, HostSummary, HostSeries } from './hosts.ts';
export type {
  ContainerSummary,
  ContainerList,
  ContainerSort,
  ContainerDetail,
  ContainerSeries,
} from './containers.ts';
export type {
  LogEntry,
  LogPage,
  LogHistogram,
  LogContext,
  LogFacets,
  LogTailMessage,
  LogQuery,
} from './logs.ts';
export type { EventEntry, EventPage } from './events.ts';
export type { AlertEntry, AlertList, AlertEvidence, AlertRuleInfo, AlertState } from './alerts.ts';
export type { FindResult, FindResults } from './find.ts';
export type { SqlRequest, SqlResult, SqlColumn, SqlSchema } from './sql.ts';
