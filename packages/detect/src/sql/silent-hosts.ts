import type { RuleScope, Statement } from '../rule.ts';
import { now, scopeParams, within } from './statement.ts';

/** Longer than a heartbeat, a few lost scrapes and a batch's wait. */
const silentAfterSeconds = 60;

/** Hosts that reported within the last day and do not now: nothing is known of their containers. */
export function silentHostsStatement(scope: RuleScope): Statement {
  return {
    sql: `
SELECT host FROM collector_stats
WHERE ${within(86_400)}
GROUP BY host
HAVING max(time) < ${now} - toIntervalSecond(${silentAfterSeconds})`,
    params: scopeParams(scope),
  };
}
