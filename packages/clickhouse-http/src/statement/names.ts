import { allowedTableFunctions } from '@plimsoll/storage';
import type { Access } from '../access.ts';
import { mayReadSystemTable, systemDatabases } from './statement-kinds.ts';

export interface Names {
  access: Access;
  /** The one that a name without a database is looked up in. */
  database: string;
  /** Functions that reach out of the tables; lower case. */
  forbidden: ReadonlySet<string>;
  /** Of this engine; lower case. */
  tableFunctions: ReadonlySet<string>;
}

/** Why a function may not be called; null when it may. */
export function refusalOfFunction(
  name: string,
  { forbidden, tableFunctions }: Names,
  isTable: boolean,
): string | null {
  const lower = name.toLowerCase();
  if (allowedTableFunctions.has(lower)) return null;
  if (isTable) return `table function ${name}()`;
  return forbidden.has(lower) || tableFunctions.has(lower) ? `function ${name}()` : null;
}

/**
 * Why a table may not be read; null when it may. A column looks like a table, too: `a.b`, and
 * `system.tables.name`.
 */
export function refusalOfTable(name: string, { access, database }: Names): string | null {
  const lower = name.toLowerCase();
  const [first = '', second] = lower.split('.');
  const isQualified = second !== undefined;
  const full = isQualified ? `${first}.${second}` : `${database.toLowerCase()}.${lower}`;
  const owner = isQualified ? first : database.toLowerCase();
  if (!systemDatabases.has(owner)) return null;
  return mayReadSystemTable(full, access) ? null : `table ${name}`;
}
