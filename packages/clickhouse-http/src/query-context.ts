/** What the ways to run a statement share. */
import type { Config, Logger } from '@plimsoll/runtime';
import type { RawAccess, RawConnection, RawPipe } from '@plimsoll/storage';
import type { User } from './auth/users.ts';
import type { Catalogue } from './catalogue.ts';
import type { Places } from './places.ts';
import type { Body } from './request/body.ts';
import type { Request } from './request/read-request.ts';
import type { ResponseBody } from './response/response-body.ts';
import type { RunningQueries, RunningQuery } from './running-queries.ts';
import type { Session, Sessions } from './sessions.ts';
import type { HttpMetrics } from './http-metrics.ts';
import type { SettingLimits } from './settings/check-settings.ts';

/** Of the process. */
export interface Service {
  raw: RawAccess;
  catalogue: Catalogue;
  /** Where a name without a database is looked up unless a request says otherwise. */
  database: string;
  limits: Config['clickhouse_http']['limits'];
  sessions: Sessions;
  queries: RunningQueries;
  places: { select: Places; insert: Places; command: Places };
  /** One for each place of a select. */
  pipes: RawPipe[];
  staged: StagedBudget;
  metrics: HttpMetrics;
  logger: Logger;
}

/** Bytes of bodies that lie on the disk and are not inserted yet. */
export interface StagedBudget {
  bytes: number;
  maxBytes: number;
}

/** Of one request. */
export interface QueryContext {
  service: Service;
  user: User;
  request: Request;
  body: Body;
  response: ResponseBody;
  query: RunningQuery;
  session: Session | null;
  connection: RawConnection;
  database: string;
  limits: SettingLimits;
  /** Fires when the client has left, or somebody cancelled the query. */
  signal: AbortSignal;
}
