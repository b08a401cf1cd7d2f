/**
 * A connection in the state that a request asks for. Settings and parameters stay on a connection,
 * so each request has one of its own, which is closed behind it; a session's connection is brought
 * back first.
 */
import { availableParallelism } from 'node:os';
import { sqlString, type RawConnection } from '@plimsoll/storage';
import type { Access } from '../access.ts';
import { ClickHouseException } from '../exception.ts';
import type { Service } from '../query-context.ts';
import { checkSettings, type SettingLimits } from '../settings/check-settings.ts';
import type { Assignment } from '../statement/assignments.ts';
import { quoteIdentifier } from '../statement/tokens.ts';
import type { Session } from '../sessions.ts';

/** On every connection: what makes the engine answer as a server does. */
const baseSettings: Readonly<Record<string, string>> = {
  // The acknowledgement must mean stored.
  async_insert: '0',
  session_timezone: 'UTC',
  // Text that is no statement is an error.
  implicit_select: '0',
  // Expressions in VALUES could call any function.
  input_format_values_interpret_expressions: '0',
  input_format_values_deduce_templates_of_expressions: '0',
  allow_introspection_functions: '0',
  // A statement is quoted into another one to be read.
  max_query_size: String(1024 * 1024),
};

export interface Wanted {
  settings: readonly Assignment[];
  parameters: ReadonlyMap<string, string>;
  database: string;
  limits: SettingLimits;
  session: Session | null;
}

/** @returns what bounds the settings of a user */
export function limitsOf(access: Access, { limits }: Service): SettingLimits {
  const threads = {
    max_threads: availableParallelism(),
    // One thread makes the blocks of an insert: a repeat under its token must make them in the same order.
    max_insert_threads: 1,
  };
  if (access !== 'read') return threads;
  return {
    ...threads,
    max_execution_time: limits.max_execution_time / 1000,
    max_memory_usage: limits.max_memory,
    max_temporary_data_on_disk_size_for_query: limits.max_memory,
    readonly: 1,
  };
}

/** @throws {ClickHouseException} of a setting that may not be, or a database that is not there */
export async function prepareConnection(service: Service, wanted: Wanted): Promise<RawConnection> {
  const { session, limits } = wanted;
  const settings = new Map(Object.entries(baseSettings));
  for (const [name, limit] of Object.entries(limits)) settings.set(name, String(limit));
  const asked = checkSettings(wanted.settings, service.catalogue, limits);
  for (const [name, value] of session?.settings ?? []) settings.set(name, value);
  for (const [name, value] of asked) if (value !== null) settings.set(name, value);
  // Set last, right before the statement.
  settings.delete('readonly');
  const connection = session?.connection ?? (await service.raw.connect());
  try {
    const stale = [...(session?.applied ?? [])].filter((name) => !settings.has(name));
    const parameters = new Map([...(session?.parameters ?? []), ...wanted.parameters]);
    const list = [
      ...stale.map((name) => `${name} = DEFAULT`),
      ...[...settings].map(([name, value]) => `${name} = ${sqlString(value)}`),
      ...[...parameters].map(([name, value]) => `param_${name} = ${sqlString(value)}`),
    ];
    await connection.text(
      `SET ${list.join(', ')}; USE ${quoteIdentifier(wanted.database)}`,
      'TabSeparated',
    );
    if (session?.connection) session.applied = new Set(settings.keys());
    return connection;
  } catch (error) {
    if (connection !== session?.connection) connection.close();
    throw error;
  }
}

/** The value of `readonly` that the request asks for by itself. */
export function askedReadonly(settings: readonly Assignment[]): number {
  return Number(settings.findLast(({ name }) => name === 'readonly')?.value ?? 0);
}

export function readonlyError(isByMethod: boolean): ClickHouseException {
  return new ClickHouseException(
    'READONLY',
    isByMethod
      ? 'Cannot execute query in readonly mode. For queries over HTTP, method GET implies readonly. You should use method POST for modifying queries'
      : 'Cannot execute query in readonly mode',
  );
}
