// The structure that the checks hold the repository to. Change the shape here, and nowhere else.

interface Workspace {
  /** Workspaces that this one may depend on and import. */
  readonly mayUse: readonly string[];
  /** No I/O: of Node it may import only what computes. */
  readonly pure?: true;
  /** Runs in a browser: `src` imports nothing of Node, and of other workspaces only types. */
  readonly browser?: true;
}

const shared = ['@plimsoll/model', '@plimsoll/runtime'];
const languages = ['@plimsoll/promql', '@plimsoll/logql', '@plimsoll/detect'];

/** Every workspace by name, with the only edges that may leave it. */
export const workspaces: Readonly<Record<string, Workspace>> = {
  '@plimsoll/model': { mayUse: [], pure: true },
  '@plimsoll/runtime': { mayUse: [] },
  '@plimsoll/storage': { mayUse: shared },
  '@plimsoll/transport': { mayUse: shared },
  // Never storage: the agent stays small, the embedded engine is 543 MB on disk.
  '@plimsoll/collector': { mayUse: [...shared, '@plimsoll/transport'] },
  // What programs share of a command line: nothing of what they do.
  '@plimsoll/cli': { mayUse: ['@plimsoll/runtime'] },
  // The collector as a program of its own: never storage, nor what needs it.
  '@plimsoll/agent': {
    mayUse: [...shared, '@plimsoll/cli', '@plimsoll/transport', '@plimsoll/collector'],
  },
  '@plimsoll/ingest': { mayUse: [...shared, '@plimsoll/storage', '@plimsoll/transport'] },
  '@plimsoll/receivers': { mayUse: [...shared, '@plimsoll/transport'] },
  '@plimsoll/clickhouse-http': { mayUse: [...shared, '@plimsoll/storage'] },
  '@plimsoll/promql': { mayUse: ['@plimsoll/model'], pure: true },
  '@plimsoll/logql': { mayUse: ['@plimsoll/model'], pure: true },
  '@plimsoll/detect': { mayUse: ['@plimsoll/model'], pure: true },
  '@plimsoll/query': { mayUse: [...shared, '@plimsoll/storage', ...languages] },
  '@plimsoll/alerting': { mayUse: [...shared, '@plimsoll/storage', ...languages] },
  '@plimsoll/web': { mayUse: ['@plimsoll/model'], browser: true },
  '@plimsoll/demo': { mayUse: [...shared, '@plimsoll/transport', '@plimsoll/collector'] },
  plimsoll: {
    mayUse: [
      ...shared,
      ...languages,
      '@plimsoll/cli',
      '@plimsoll/agent',
      '@plimsoll/storage',
      '@plimsoll/transport',
      '@plimsoll/collector',
      '@plimsoll/ingest',
      '@plimsoll/receivers',
      '@plimsoll/clickhouse-http',
      '@plimsoll/query',
      '@plimsoll/alerting',
      '@plimsoll/demo',
    ],
  },
  '@plimsoll/infra': { mayUse: [] },
  '@plimsoll/test': {
    mayUse: [
      ...shared,
      ...languages,
      '@plimsoll/agent',
      '@plimsoll/infra',
      '@plimsoll/storage',
      '@plimsoll/transport',
      '@plimsoll/collector',
      '@plimsoll/ingest',
      '@plimsoll/receivers',
      '@plimsoll/clickhouse-http',
      '@plimsoll/query',
      '@plimsoll/alerting',
      '@plimsoll/demo',
    ],
  },
};

/** What a pure package may import of Node. */
export const pureBuiltins: readonly string[] = [
  'node:assert',
  'node:assert/strict',
  'node:buffer',
  'node:crypto',
  'node:util',
  'node:zlib',
];

export const maxFileLines = 450;

/** Files that may be longer, each with its reason. */
export const longFiles: Readonly<Record<string, string>> = {};

/** Files that may write `as unknown as`, each with its reason. */
export const doubleCastFiles: Readonly<Record<string, string>> = {
  'packages/storage/src/embedded/embedded-connection.ts':
    'two packages declare the same driver interface; the types differ in nothing but their origin',
};
