import type { Finding } from '@plimsoll/collector';
import { messageOf } from '@plimsoll/runtime';
import type { Config } from '@plimsoll/runtime';
import { openEngine } from '@plimsoll/storage';
import { engineOptions } from '../compose/engine-options.ts';

const timeoutMs = 5000;

/** Comes in as the roles do, and looks whether there are tables to read. Changes nothing, never rejects. */
export async function checkTables(config: Config): Promise<Finding> {
  const subject = 'tables';
  const { database, username } = config.storage;
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    // Not into the database itself, which opening would make where it is not there.
    const engine = await openEngine({ ...engineOptions(config), database: 'system' });
    try {
      const [row] = await engine.select<{ tables: number }>(
        `SELECT count() AS tables FROM system.tables AS t
         WHERE t.database = {database:String} AND t.name IN ('logs', 'schema_migrations')`,
        { params: { database }, signal },
      );
      if (row?.tables === 2) {
        const message = `${database} has them, and ${username} may read`;
        return { subject, level: 'ok', message, lost: '', remedy: '' };
      }
      return {
        subject,
        level: 'warn',
        message: `${database} has none that ${username} may read`,
        lost: '',
        remedy: 'run "plimsoll migrate", or start a role whose user may make them',
      };
    } finally {
      await engine.close();
    }
  } catch (error) {
    return {
      subject,
      level: 'fail',
      message: messageOf(error),
      lost: '',
      remedy: 'correct storage.url, username and password',
    };
  }
}
