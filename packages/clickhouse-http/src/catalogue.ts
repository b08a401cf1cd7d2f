/** What this engine knows, asked once: settings, formats, functions. */
import { forbiddenCategories, forbiddenFunctions, type RawAccess } from '@plimsoll/storage';

export interface Catalogue {
  version: string;
  hostName: string;
  /** Settings of queries, with their present values. */
  settings: ReadonlyMap<string, { type: string; value: string }>;
  /** Names of settings of MergeTree tables. */
  tableSettings: ReadonlySet<string>;
  /** By name in lower case. */
  formats: ReadonlyMap<string, Format>;
  /** Functions that reach out of the tables; lower case. */
  forbidden: ReadonlySet<string>;
  /** Lower case. */
  tableFunctions: ReadonlySet<string>;
}

export interface Format {
  name: string;
  isInput: boolean;
  isOutput: boolean;
  contentType: string;
  isText: boolean;
}

/** What a parameter becomes in the syntax tree. */
const parameterCast = '_cast';

/** They speak a protocol of another database. */
const unusableFormats = /^(?:MySQLWire|PostgreSQLWire|ODBCDriver2|One|ParquetMetadata|MySQLDump)$/;

export async function loadCatalogue(raw: RawAccess): Promise<Catalogue> {
  const connection = await raw.connect();
  const rows = async (sql: string): Promise<string[][]> => {
    const text = await connection.text(sql, 'JSONCompactStringsEachRow');
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map(parseRow);
  };
  try {
    const [about = []] = await rows('SELECT version(), hostName()');
    const settings = await rows('SELECT name, type, value FROM system.settings');
    const tableSettings = await rows('SELECT name FROM system.merge_tree_settings');
    const formats = await rows(
      'SELECT name, is_input, is_output, content_type, is_tty_friendly FROM system.formats',
    );
    const categories = forbiddenCategories.map((name) => `'${name}'`).join(', ');
    const forbidden = await rows(
      `SELECT lower(name) FROM system.functions WHERE hasAny(splitByChar(',', categories), [${categories}])`,
    );
    const tableFunctions = await rows('SELECT lower(name) FROM system.table_functions');
    return {
      version: about[0] ?? '',
      hostName: about[1] ?? '',
      settings: new Map(
        settings.map(([name = '', type = '', value = '']) => [name, { type, value }]),
      ),
      tableSettings: new Set(firstOf(tableSettings)),
      formats: new Map(formats.map(formatOf)),
      forbidden: new Set(
        [...firstOf(forbidden), ...forbiddenFunctions].filter((name) => name !== parameterCast),
      ),
      tableFunctions: new Set(firstOf(tableFunctions)),
    };
  } finally {
    connection.close();
  }
}

function formatOf([name = '', input, output, contentType = '', tty]: string[]): [string, Format] {
  const isUsable = !unusableFormats.test(name);
  return [
    name.toLowerCase(),
    {
      name,
      isInput: isUsable && input === '1',
      isOutput: isUsable && output === '1',
      contentType: contentType === '' ? 'text/plain; charset=UTF-8' : contentType,
      isText: tty === '1',
    },
  ];
}

function firstOf(rows: readonly string[][]): string[] {
  return rows.map(([first = '']) => first);
}

function parseRow(line: string): string[] {
  // The engine wrote this line in the format asked for: an array of strings.
  return JSON.parse(line) as string[];
}
