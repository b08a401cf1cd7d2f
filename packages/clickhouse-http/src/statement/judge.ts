/**
 * Decides whether a statement may run, and how, by the engine's own parser: the text is normalised
 * (one statement, no comments), its syntax tree is printed, and everything in the tree must be
 * allowed at the user's level. Nothing is executed here; the normalised text is what runs.
 *
 * Beyond the tree, which does not show everything, three things are read off the normalised text:
 * names in front of a parenthesis, SETTINGS clauses, and the engine of a table.
 */
import { maxStatementBytes, parseSyntaxTree, sqlString, type SyntaxNode } from '@plimsoll/storage';
import { hasAccess, type Access } from '../access.ts';
import type { Catalogue } from '../catalogue.ts';
import { ClickHouseException } from '../exception.ts';
import { checkSettings, type SettingLimits } from '../settings/check-settings.ts';
import { readAssignments, settingsClauses, type Assignment } from './assignments.ts';
import { refusalOfFunction, refusalOfTable, type Names } from './names.ts';
import { splitOutput } from './split-output.ts';
import {
  allowedAlterations,
  allowedEngines,
  allowedInWrites,
  allowedSystemStatements,
  forbiddenTableSettings,
  statementKinds,
  systemDatabases,
  type Way,
} from './statement-kinds.ts';
import { identifierOf, isSign, isWord, literalOf, tokens } from './tokens.ts';

export interface Judged {
  way: Way;
  /** The normalised statement without the clauses for its output. */
  sql: string;
  /** Of a FORMAT clause. */
  format: string | null;
  /** ` SETTINGS …` behind FORMAT, or empty. */
  outputSettings: string;
  hasSettings: boolean;
  /** Of SET. */
  assignments: readonly Assignment[];
  /** Of USE, or the `query_id` of KILL QUERY. */
  name: string;
  /** A temporary table is made: it lives on its connection. */
  isTemporary: boolean;
}

export interface JudgeContext {
  access: Access;
  database: string;
  catalogue: Catalogue;
  limits: SettingLimits;
  /** As a request gives them: escaped. */
  parameters: ReadonlyMap<string, string>;
  /** A small result as text, on the connection of the request, where its parameters are set. */
  text(sql: string): Promise<string>;
}

/** @throws {ClickHouseException} SYNTAX_ERROR, ACCESS_DENIED, READONLY, SETTING_CONSTRAINT_VIOLATION … */
export async function judge(text: string, context: JudgeContext): Promise<Judged> {
  if (Buffer.byteLength(text) > maxStatementBytes) {
    throw new ClickHouseException(
      'SYNTAX_ERROR',
      `Syntax error: Max query size exceeded (${maxStatementBytes} bytes can be increased with no setting here)`,
    );
  }
  if (text.trim() === '')
    throw new ClickHouseException('SYNTAX_ERROR', 'Syntax error: Empty query');
  const normalised = await normalise(text, context);
  checkNames(normalised, context);
  // Before the engine sees them in any other statement.
  const settings = checkClauses(normalised, context);
  if (normalised.startsWith('SET ')) return judgeSet(normalised);
  const nodes = parseSyntaxTree(await context.text(`EXPLAIN AST ${normalised}`));
  const root = nodes[0];
  const rule = statementKinds[root?.kind ?? ''];
  if (!root || !rule) throw denied(context, `statements of the kind ${root?.kind ?? normalised}`);
  if (!hasAccess(context.access, rule.access)) throw readOnly(context, rule.access);
  checkSetNodes(nodes, settings);
  checkCalls(normalised, root, context);
  checkNodes(nodes, context);
  if (rule.access !== 'read') checkWrite(nodes, normalised, context);
  const output = splitOutput(normalised, nodes);
  return {
    way: rule.way,
    ...output,
    hasSettings: settings.count > 0,
    assignments: [],
    name: nameOf(rule.way, output.sql),
    isTemporary: /^CREATE (?:OR REPLACE )?TEMPORARY /.test(normalised),
    ...(rule.way === 'kill' && normalised.startsWith('KILL MUTATION') ? killMutation(context) : {}),
  };
}

async function normalise(text: string, context: JudgeContext): Promise<string> {
  const printed = await context.text(`SELECT formatQuerySingleLine(${sqlString(text)})`);
  return printed.replace(/\n$/, '');
}

function judgeSet(normalised: string): Judged {
  const all = [...tokens(normalised)];
  let at = 1;
  const assignments = readAssignments({
    get now() {
      return all[at];
    },
    step: () => {
      at += 1;
    },
  });
  if (!assignments || at < all.length) {
    throw new ClickHouseException('SYNTAX_ERROR', 'Syntax error: SET takes literals here');
  }
  return {
    way: 'set',
    sql: normalised,
    format: null,
    outputSettings: '',
    hasSettings: false,
    assignments,
    name: '',
    isTemporary: false,
  };
}

interface Clauses {
  count: number;
}

function checkClauses(normalised: string, context: JudgeContext): Clauses {
  const clauses = settingsClauses(normalised);
  if (!clauses) throw denied(context, 'SETTINGS that are no literals');
  const isOfTable = /^(?:CREATE|ATTACH|ALTER)\b/.test(normalised);
  const ofQuery = clauses.assignments.filter(({ name }) => {
    if (!isOfTable || !context.catalogue.tableSettings.has(name)) return true;
    if (forbiddenTableSettings.test(name)) throw denied(context, `the setting ${name} of a table`);
    return false;
  });
  checkSettings(ofQuery, context.catalogue, context.limits);
  return clauses;
}

/** Each clause that the engine knows of is one that was read above. */
function checkSetNodes(nodes: readonly SyntaxNode[], { count }: Clauses): void {
  const known = nodes.filter((node, index) => {
    const parent = nodes[parentIndex(nodes, index)];
    // EXPLAIN has options of its own; a reset names no values.
    return node.kind === 'Set' && parent?.kind !== 'Explain';
  });
  const resets = nodes.filter(({ detail }) => detail.startsWith('RESET_SETTING')).length;
  if (known.length > count + resets) {
    throw new ClickHouseException('ACCESS_DENIED', 'SETTINGS could not be read');
  }
}

/**
 * A name with a line break would print as further lines of the tree, and so move what stands in it;
 * a name that is a parameter does not stand in the text. What reaches other servers and files by a
 * clause of its own is told by its words.
 */
function checkNames(normalised: string, context: JudgeContext): void {
  const all = [...tokens(normalised)];
  for (const [index, token] of all.entries()) {
    if (token.kind === 'quoted' && controls.test(identifierOf(token) ?? '')) {
      throw denied(context, 'a name with a control character');
    }
    const next = all[index + 1];
    if (isWord(token, 'INTO') && isWord(next, 'OUTFILE')) throw denied(context, 'INTO OUTFILE');
    if (isWord(token, 'FROM') && isWord(next, 'INFILE')) throw denied(context, 'FROM INFILE');
    if (isWord(token, 'ON') && isWord(next, 'CLUSTER')) throw denied(context, 'ON CLUSTER');
    if (isSign(token, '{') && isWord(all[index + 3], 'IDENTIFIER')) {
      const value = context.parameters.get(identifierOf(next) ?? '') ?? '';
      if (/\\/.test(value) || controls.test(value)) {
        throw denied(context, 'a name with a control character');
      }
    }
  }
}

// oxlint-disable-next-line no-control-regex -- these are what is looked for
const controls = /[\x00-\x1f\x7f]/;

/** `name(` anywhere: also where the tree leaves out what stands in a statement. */
function checkCalls(normalised: string, root: SyntaxNode, context: JudgeContext): void {
  const isShow = root.kind.startsWith('Show');
  const all = [...tokens(normalised)];
  for (const [index, token] of all.entries()) {
    const name = identifierOf(token);
    if (name === null || !isSign(all[index + 1], '(')) continue;
    if (isShow && !isWord(token, 'IN', 'LIKE', 'AND', 'OR', 'NOT', 'WHERE')) {
      throw denied(context, `function ${name}() in ${root.kind}`);
    }
    if (isTarget(all, index)) continue;
    const reason = refusalOfFunction(name, namesOf(context), false);
    if (reason) throw denied(context, reason);
  }
}

/** `INSERT INTO values (…)`, `CREATE TABLE file (…)`: a table, whatever it is called. */
function isTarget(all: readonly { text: string }[], index: number): boolean {
  const before = all[index - 1]?.text.toUpperCase();
  if (before === '.') return true;
  return before === 'INTO' || before === 'TABLE' || before === 'EXISTS';
}

function checkNodes(nodes: readonly SyntaxNode[], context: JudgeContext): void {
  for (const [index, node] of nodes.entries()) {
    if (index === 0) continue;
    const above = parentIndex(nodes, index);
    const reason =
      refusal(node, nodes[above], context) ??
      refusalBehindIn(node, nodes[parentIndex(nodes, above)], context);
    if (reason) throw denied(context, reason);
  }
}

function refusal(
  node: SyntaxNode,
  parent: SyntaxNode | undefined,
  context: JudgeContext,
): string | null {
  if (node.kind === '?') return 'a name with a line break';
  if (!allowedInWrites.has(node.kind)) return node.kind;
  switch (node.kind) {
    case 'Literal':
      return isOutput(parent) ? 'INTO OUTFILE' : null;
    case 'TableIdentifier':
      return refusalOfTable(node.detail, namesOf(context));
    case 'Identifier':
      // `IN system.users` names a table where a column could stand.
      return node.detail.includes('.') && !isOutput(parent)
        ? refusalOfTable(node.detail, namesOf(context))
        : null;
    case 'Function':
      return refusalInTree(node.detail, parent, context);
    case 'Explain':
      return parent?.kind === 'Explain' ? null : 'EXPLAIN in a statement';
    default:
      return null;
  }
}

/** `IN users` with `system` as the database. */
function refusalBehindIn(
  node: SyntaxNode,
  owner: SyntaxNode | undefined,
  context: JudgeContext,
): string | null {
  if (!systemDatabases.has(context.database.toLowerCase()) || node.kind !== 'Identifier')
    return null;
  const isIn = owner?.kind === 'Function' && /in(?:ignoreset)?$/i.test(owner.detail);
  return isIn && !node.detail.includes('.') ? refusalOfTable(node.detail, namesOf(context)) : null;
}

function refusalInTree(
  name: string,
  parent: SyntaxNode | undefined,
  context: JudgeContext,
): string | null {
  if (parent?.kind === 'InsertQuery') return `INSERT INTO FUNCTION ${name}()`;
  // An engine stands beside the expressions of keys and partitions.
  if (parent?.kind === 'Storage' && allowedEngines.test(name.toLowerCase())) return null;
  return refusalOfFunction(name, namesOf(context), parent?.kind === 'TableExpression');
}

function checkWrite(nodes: readonly SyntaxNode[], normalised: string, context: JudgeContext): void {
  const root = nodes[0];
  const written = nodes.filter((node) => node.kind === 'Identifier' && node.depth === 1);
  const system = written.find(({ detail }) => systemDatabases.has(databaseOf(detail)));
  if (system) throw denied(context, `writing to ${system.detail}`);
  const isUnqualified = written.length === 1 && !/^\S+ DATABASE\b/.test(normalised);
  if (isUnqualified && systemDatabases.has(context.database.toLowerCase())) {
    throw denied(context, `writing to ${context.database}`);
  }
  for (const node of nodes) {
    if (node.kind !== 'AlterCommand') continue;
    const [command = ''] = node.detail.split(' ');
    if (!allowedAlterations.has(command)) throw denied(context, `ALTER … ${command}`);
  }
  if (root?.kind === 'SYSTEM' && !allowedSystemStatements.test(normalised)) {
    throw denied(context, normalised);
  }
  if (root?.kind === 'CreateQuery') checkCreate(normalised, context);
  if (root?.kind === 'AttachQuery' && !/^ATTACH TABLE (?:IF NOT EXISTS )?\S+$/.test(normalised)) {
    throw denied(context, 'ATTACH with anything but the name of a table');
  }
}

const creatable =
  /^CREATE (?:OR REPLACE )?(?:TEMPORARY )?(?:TABLE|VIEW|MATERIALIZED VIEW|DATABASE)\b/;

function checkCreate(normalised: string, context: JudgeContext): void {
  if (!creatable.test(normalised)) throw denied(context, normalised.split(' ', 2).join(' '));
  const all = [...tokens(normalised)];
  for (const [index, token] of all.entries()) {
    if (!isWord(token, 'ENGINE') || !isSign(all[index + 1], '=')) continue;
    const name = identifierOf(all[index + 2]) ?? '';
    if (!allowedEngines.test(name.toLowerCase())) throw denied(context, `engine ${name}`);
  }
}

function nameOf(way: Way, normalised: string): string {
  const all = [...tokens(normalised)];
  if (way === 'use') return identifierOf(all.at(-1)) ?? '';
  if (way !== 'kill' || normalised.startsWith('KILL MUTATION')) return '';
  const id = literalOf(all[5]);
  const isById =
    id !== null &&
    isWord(all[2], 'WHERE') &&
    isWord(all[3], 'query_id', 'QUERY_ID') &&
    isSign(all[4], '=') &&
    all.length <= 7;
  if (isById) return id;
  throw new ClickHouseException(
    'NOT_IMPLEMENTED',
    "KILL QUERY takes a condition of the form query_id = 'x' here",
  );
}

function killMutation(context: JudgeContext): { way: Way } {
  if (!hasAccess(context.access, 'admin')) throw readOnly(context, 'admin');
  return { way: 'held' };
}

function namesOf({ access, database, catalogue }: JudgeContext): Names {
  return {
    access,
    database,
    forbidden: catalogue.forbidden,
    tableFunctions: catalogue.tableFunctions,
  };
}

/** A file name or a format stands directly below the statement. */
function isOutput(parent: SyntaxNode | undefined): boolean {
  return (
    parent?.depth === 0 &&
    (statementKinds[parent.kind]?.way === 'select' || statementKinds[parent.kind]?.way === 'held')
  );
}

/** Of `db`, or `db.table`. */
function databaseOf(name: string): string {
  return name.toLowerCase().replace(/\..*$/s, '');
}

function parentIndex(nodes: readonly SyntaxNode[], index: number): number {
  const depth = nodes[index]?.depth ?? 0;
  for (let above = index - 1; above >= 0; above--) {
    if ((nodes[above]?.depth ?? 0) < depth) return above;
  }
  return -1;
}

function denied({ access }: JudgeContext, what: string): ClickHouseException {
  return new ClickHouseException(
    'ACCESS_DENIED',
    `Not enough privileges: ${what} is not allowed here to a user with access ${access}`,
  );
}

function readOnly({ access }: JudgeContext, needed: Access): ClickHouseException {
  return new ClickHouseException(
    'READONLY',
    `Cannot execute query in readonly mode: expected a user with access ${needed}, got one with ${access}`,
  );
}
