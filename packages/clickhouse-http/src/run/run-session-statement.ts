/** SET, USE and KILL: they change nothing in the engine. */
import { sqlString } from '@plimsoll/storage';
import { ClickHouseException } from '../exception.ts';
import type { QueryContext } from '../query-context.ts';
import { checkSettings } from '../settings/check-settings.ts';
import type { Judged } from '../statement/judge.ts';
import { announce } from './output.ts';
import { runHeld } from './run-held.ts';

/** Without a session nothing is left of it, as on a server. */
export async function runSet(context: QueryContext, { assignments }: Judged): Promise<void> {
  const { service, session, limits, response } = context;
  const isParameter = (name: string): boolean => /^param_[A-Za-z_]\w*$/.test(name);
  const settings = assignments.filter(({ name }) => !isParameter(name));
  const checked = checkSettings(settings, service.catalogue, limits);
  for (const [name, value] of checked) {
    if (value === null) session?.settings.delete(name);
    else session?.settings.set(name, value);
  }
  for (const { name, value } of assignments) {
    if (isParameter(name) && value !== null) session?.parameters.set(name.slice(6), value);
  }
  await response.end(announce(context, null).beforeHeaders);
}

export async function runUse(context: QueryContext, { name }: Judged): Promise<void> {
  const { connection, session, response } = context;
  const found = await connection.text(
    `SELECT count() FROM system.databases WHERE name = ${sqlString(name)}`,
    'TabSeparated',
  );
  if (found.trim() === '0') {
    throw new ClickHouseException('UNKNOWN_DATABASE', `Database ${name} does not exist`, {
      code: 81,
    });
  }
  if (session) session.database = name;
  await response.end(announce(context, null).beforeHeaders);
}

/** The engine knows no `query_id`; who may read kills what is his own. */
export async function runKill(context: QueryContext, judged: Judged): Promise<void> {
  const { service, user } = context;
  const found = service.queries.find(judged.name, user.access === 'admin' ? null : user.name);
  found?.cancel.abort();
  const columns = {
    kill_status: found ? 'waiting' : '',
    query_id: judged.name,
    user: found?.user ?? '',
    query: found?.text ?? '',
  };
  const list = Object.entries(columns).map(([name, value]) => `${sqlString(value)} AS ${name}`);
  await runHeld(context, { ...judged, sql: `SELECT ${list.join(', ')}${found ? '' : ' WHERE 0'}` });
}
