/**
 * What an ad-hoc statement may name. `readonly=1` alone is not enough: on a read-only connection
 * the scalar function `file()` reads any file, `INTO OUTFILE` writes one, `USE` and `KILL QUERY`
 * work. So a statement's syntax tree is compared with the lists below; what is on no list is
 * refused.
 */

/** Kinds of syntax tree nodes that only read. */
export const allowedNodes: ReadonlySet<string> = new Set([
  'SelectWithUnionQuery',
  'SelectIntersectExceptQuery',
  'SelectQuery',
  'Subquery',
  'ExpressionList',
  'Expression',
  'Function',
  'Identifier',
  'TableIdentifier',
  'Literal',
  'Asterisk',
  'QualifiedAsterisk',
  'ColumnsRegexpMatcher',
  'ColumnsListMatcher',
  'QualifiedColumnsRegexpMatcher',
  'QualifiedColumnsListMatcher',
  'ColumnsTransformerList',
  'ColumnsExceptTransformer',
  'ColumnsReplaceTransformer',
  'ColumnsReplaceTransformer::Replacement',
  'TablesInSelectQuery',
  'TablesInSelectQueryElement',
  'TableExpression',
  'TableJoin',
  'ArrayJoin',
  'SampleRatio',
  'WithElement',
  'WindowListElement',
  'WindowDefinition',
  'OrderByElement',
  'InterpolateElement',
  'DataType',
  'Explain',
  'DescribeQuery',
]);

/** Statements that name no table in the tree; told apart by the engine's own normalised text. */
export const allowedShow =
  /^SHOW (?:TABLES|DATABASES)(?: (?:LIKE|ILIKE) '[^'\\]*')?(?: LIMIT \d+)?$/;

/** Table functions that reach nothing outside the statement. Lower case. */
export const allowedTableFunctions: ReadonlySet<string> = new Set([
  'numbers',
  'numbers_mt',
  'zeros',
  'zeros_mt',
  'generateseries',
  'generate_series',
  'generaterandom',
  'values',
  'view',
  'null',
  'format',
]);

/**
 * Ordinary functions that reach files, the network, other tables, secrets of the process, or its
 * insides; besides whole categories (see `forbiddenCategories`). Lower case.
 */
export const forbiddenFunctions: ReadonlySet<string> = new Set([
  'file',
  'joinget',
  'joingetornull',
  'hascolumnintable',
  'catboostevaluate',
  'modelevaluate',
  'getclienthttpheader',
  'getmacro',
  'getserverport',
  'tcpport',
  'getserversetting',
  'getmergetreesetting',
  'getmaxtablenamelengthfordatabase',
  'globalvariable',
  'showcertificate',
  'filesystemavailable',
  'filesystemcapacity',
  'filesystemunreserved',
  'generateserialid',
  'serveruuid',
  'getoskernelversion',
  'hasthreadfuzzer',
  'zookeepersessionuptime',
  'transactionid',
  'transactionlatestsnapshot',
  'transactionoldestsnapshot',
  'sleep',
  'sleepeachrow',
  'stem',
  'lemmatize',
  'synonyms',
  'detectlanguage',
  'aiclassify',
  'aiextract',
  'aigenerate',
  'aitranslate',
  'aiembed',
]);

/** Categories of `system.functions` that are refused as a whole. */
export const forbiddenCategories: readonly string[] = [
  'AI',
  'Dictionary',
  'Embedded Dictionary',
  'Internal',
  'Introspection',
  'Machine Learning',
  'NLP',
];

/** Tables outside the own database that tell about the schema and nothing else. */
export const allowedForeignTables: ReadonlySet<string> = new Set([
  'system.one',
  'system.numbers',
  'system.numbers_mt',
  'system.zeros',
  'system.zeros_mt',
  'system.databases',
  'system.tables',
  'system.columns',
  'system.functions',
  'system.data_type_families',
  'system.formats',
  'system.table_engines',
  'system.time_zones',
  'information_schema.tables',
  'information_schema.columns',
  'information_schema.schemata',
]);

/** As the engine itself limits `max_query_size`. */
export const maxStatementBytes = 256 * 1024;
