/**
 * Decides whether a text that a user wrote may run, by the engine's own parser: the text is
 * normalised (one statement, no comments), its syntax tree is printed, and every node of the tree
 * must be allowed (statement-policy.ts). Nothing of the statement is executed or analysed here.
 *
 * Returns the normalised text; that, not the user's, is what runs.
 */
import { StorageError } from '../storage-error.ts';
import {
  allowedForeignTables,
  allowedNodes,
  allowedShow,
  allowedTableFunctions,
  forbiddenCategories,
  forbiddenFunctions,
  maxStatementBytes,
} from './statement-policy.ts';
import { parseSyntaxTree, type SyntaxNode } from './syntax-tree.ts';
import { positionAt, positionOf } from './text-position.ts';

export interface StatementChecker {
  database: string;
  select<Row>(sql: string, params: Readonly<Record<string, string | string[]>>): Promise<Row[]>;
  /** What an EXPLAIN prints, as it is: a FORMAT behind it would belong to the explained statement. */
  explain(sql: string): Promise<string>;
}

/** @throws {StorageError} `invalid_query` with the position in `text`, or `forbidden` */
export async function checkStatement(text: string, checker: StatementChecker): Promise<string> {
  if (Buffer.byteLength(text) > maxStatementBytes) {
    throw new StorageError(
      'invalid_query',
      `query: expected at most ${maxStatementBytes} bytes, got ${Buffer.byteLength(text)}`,
    );
  }
  if (text.trim() === '') throw new StorageError('invalid_query', 'query: expected a statement');
  const normalised = await normalise(text, checker);
  const output = / (?:INTO OUTFILE|FORMAT) /.exec(withoutQuoted(normalised))?.[0];
  if (output) {
    throw forbidden(`${output.trim()} (the result has one form here)`, text, output.trim());
  }
  if (normalised.startsWith('SHOW ') && allowedShow.test(normalised)) return normalised;
  const nodes = await syntaxTree(normalised, checker);
  const names = await knownNames(checker);
  for (const [index, node] of nodes.entries()) {
    const reason = refusal(node, nodes[parentIndex(nodes, index)], names);
    if (reason) throw forbidden(reason, text, node.detail);
  }
  return normalised;
}

async function normalise(text: string, checker: StatementChecker): Promise<string> {
  try {
    const [row] = await checker.select<{ sql: string }>(
      'SELECT formatQuerySingleLine({text:String}) AS sql',
      { text },
    );
    return row?.sql ?? '';
  } catch (error) {
    throw error instanceof StorageError ? withPosition(error, text) : error;
  }
}

/** The text is normalised: exactly one statement, so nothing runs beside EXPLAIN. */
async function syntaxTree(normalised: string, checker: StatementChecker): Promise<SyntaxNode[]> {
  return parseSyntaxTree(await checker.explain(`EXPLAIN AST ${normalised}`));
}

interface KnownNames {
  ownDatabase: string;
  /** Lower case, without the own. */
  databases: ReadonlySet<string>;
  /** Lower case. */
  tableFunctions: ReadonlySet<string>;
  /** Lower case. */
  forbidden: ReadonlySet<string>;
}

async function knownNames(checker: StatementChecker): Promise<KnownNames> {
  const rows = await checker.select<{ kind: string; name: string }>(
    `SELECT 'database' AS kind, lower(name) AS name FROM system.databases WHERE name != {own:String}
     UNION ALL SELECT 'table function', lower(name) FROM system.table_functions
     UNION ALL SELECT 'function', lower(name) FROM system.functions
       WHERE hasAny(splitByChar(',', categories), {categories:Array(String)})`,
    { own: checker.database, categories: [...forbiddenCategories] },
  );
  const of = (kind: string): string[] =>
    rows.filter((row) => row.kind === kind).map((row) => row.name);
  return {
    ownDatabase: checker.database,
    databases: new Set([...of('database'), 'system', 'information_schema', 'default']),
    tableFunctions: new Set(of('table function')),
    forbidden: new Set([...of('function'), ...forbiddenFunctions]),
  };
}

function refusal(
  node: SyntaxNode,
  parent: SyntaxNode | undefined,
  names: KnownNames,
): string | null {
  if (node.kind === '?') return 'a name with a line break';
  if (!parent && !['SelectWithUnionQuery', 'Explain', 'DescribeQuery'].includes(node.kind)) {
    return 'anything but SELECT, EXPLAIN, DESCRIBE, SHOW TABLES and SHOW DATABASES';
  }
  // EXPLAIN has options; a SELECT's settings could lift its limits.
  if (node.kind === 'Set') return parent?.kind === 'Explain' ? null : 'SETTINGS';
  if (!allowedNodes.has(node.kind)) return node.kind;
  switch (node.kind) {
    case 'Literal':
      return isOutput(parent) ? 'INTO OUTFILE' : null;
    case 'Identifier':
      if (isOutput(parent)) return 'FORMAT (results have one form here)';
      return foreignName(node.detail, names) ? `table ${node.detail}` : null;
    case 'TableIdentifier':
      return isOwnTable(node.detail, names) ? null : `table ${node.detail}`;
    case 'Function':
      return functionRefusal(node.detail, parent, names);
    case 'Explain':
      return /^EXPLAIN(?: (?:AST|SYNTAX|PLAN|PIPELINE|ESTIMATE|QUERY TREE))?$/.test(node.detail)
        ? null
        : node.detail;
    default:
      return null;
  }
}

function withoutQuoted(normalised: string): string {
  return normalised.replace(/'(?:[^'\\]|\\.|'')*'|`(?:[^`\\]|\\.)*`|"(?:[^"\\]|\\.)*"/g, "''");
}

/** A file name or a format stands directly below the statement, beside its SELECTs. */
function isOutput(parent: SyntaxNode | undefined): boolean {
  return (
    parent?.kind === 'SelectWithUnionQuery' ||
    parent?.kind === 'Explain' ||
    parent?.kind === 'DescribeQuery'
  );
}

function functionRefusal(
  name: string,
  parent: SyntaxNode | undefined,
  names: KnownNames,
): string | null {
  const lower = name.toLowerCase();
  const isTableFunction = parent?.kind === 'TableExpression';
  if (isTableFunction && !allowedTableFunctions.has(lower)) return `table function ${name}()`;
  if (names.tableFunctions.has(lower) && !allowedTableFunctions.has(lower)) {
    return `function ${name}()`;
  }
  return names.forbidden.has(lower) ? `function ${name}()` : null;
}

/** `IN system.users` names a table where a column could stand. */
function foreignName(name: string, names: KnownNames): boolean {
  const lower = name.toLowerCase();
  const database = /^([^.]+)\./.exec(lower)?.[1];
  if (database === undefined || !names.databases.has(database)) return false;
  return !allowedForeignTables.has(lower);
}

function isOwnTable(name: string, names: KnownNames): boolean {
  const parts = name.split('.');
  if (parts.length === 1) return true;
  if (parts.length === 2 && parts[0] === names.ownDatabase) return true;
  return allowedForeignTables.has(name.toLowerCase());
}

function parentIndex(nodes: readonly SyntaxNode[], index: number): number {
  const depth = nodes[index]?.depth ?? 0;
  for (let above = index - 1; above >= 0; above--) {
    if ((nodes[above]?.depth ?? 0) < depth) return above;
  }
  return -1;
}

function forbidden(what: string, text: string, name: string): StorageError {
  const position = positionOf(text, name);
  return new StorageError(
    'forbidden',
    `not allowed here: ${what}; ad-hoc SQL reads the tables of this database only`,
    position ? { position } : {},
  );
}

/** `failed at position 23 (x) (line 2, col 12): …` counts bytes of the text, from 1. */
function withPosition(error: StorageError, text: string): StorageError {
  const message = error.message.replace(/: In scope SELECT formatQuery.*$/s, '');
  const byte = /failed at position (\d+)/.exec(message)?.[1];
  return new StorageError(error.code === 'engine' ? 'invalid_query' : error.code, message, {
    cause: error,
    ...(error.clickhouseCode === undefined ? {} : { clickhouseCode: error.clickhouseCode }),
    ...(byte === undefined ? {} : { position: positionAt(text, Number(byte) - 1) }),
  });
}

/** Errors of a later stage name an identifier: find it in what the user wrote. */
export function withPositionOfName(error: StorageError, text: string): StorageError {
  if (error.position) return error;
  const name = /[`'"]([\w.]+)[`'"]/.exec(error.message)?.[1];
  const position = name === undefined ? null : positionOf(text, name);
  if (!position) return error;
  return new StorageError(error.code, error.message, {
    cause: error,
    ...(error.clickhouseCode === undefined ? {} : { clickhouseCode: error.clickhouseCode }),
    position,
  });
}
