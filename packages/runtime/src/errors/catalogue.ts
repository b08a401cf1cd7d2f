/**
 * Every code that Plimsoll's own operating errors carry, with what it means and what to do. Codes
 * are part of the interface: scripts and log searches rely on them. The exit code is that of the
 * command when the error ends it: 1 the work failed, 2 the command line was wrong.
 */
export const errorCatalogue = {
  usage_invalid: {
    means: 'The command line was not understood.',
    hint: 'Run the command with --help.',
    exitCode: 2,
  },
  config_invalid: {
    means: 'The configuration has problems; all of them are listed.',
    hint: 'Correct each listed path and run "plimsoll config check".',
    exitCode: 1,
  },
  port_in_use: {
    means: 'Another process listens on the address.',
    hint: 'Stop that process, or choose another port with --port or in the configuration.',
    exitCode: 1,
  },
  address_unavailable: {
    means: 'This host cannot listen on the address.',
    hint: 'Use an address of this host (127.0.0.1, or 0.0.0.0 for all) and a port it may open.',
    exitCode: 1,
  },
  data_dir_unusable: {
    means: 'The data folder cannot be made, read or written.',
    hint: 'Check the path, its owner and free space, or choose another folder with --data-dir.',
    exitCode: 1,
  },
  data_dir_locked: {
    means: 'Another process uses the data folder.',
    hint: 'Stop the other process, or choose another folder with --data-dir.',
    exitCode: 1,
  },
  storage_unavailable: {
    means: 'ClickHouse cannot be opened or reached.',
    hint: 'Check storage.url and its credentials, or the data folder of the embedded engine.',
    exitCode: 1,
  },
  migration_failed: {
    means: 'A migration of the tables failed.',
    hint: 'Read the reason; migrations resume where they stopped when run again.',
    exitCode: 1,
  },
  transport_unsupported: {
    means: 'The program cannot carry frames in the way that the configuration says.',
    hint: 'Set transport.mode to what the message names.',
    exitCode: 1,
  },
  role_needs_server: {
    means: 'The role cannot run alone on the embedded engine, which belongs to one process.',
    hint: 'Run "plimsoll all", or set storage.mode: server and storage.url.',
    exitCode: 1,
  },
  role_needs_engine: {
    means: 'The role serves the embedded engine of its own data folder.',
    hint: 'Leave storage.mode and clickhouse_http.enabled at their defaults; storage.url is for the others.',
    exitCode: 1,
  },
  component_start_failed: {
    means: 'A part of the process could not start.',
    hint: 'Read the reason in the message.',
    exitCode: 1,
  },
  component_stop_timeout: {
    means: 'A part of the process did not stop within its deadline.',
    hint: 'Nothing acknowledged is lost: the journal and the checkpoints are read at the next start.',
    exitCode: 1,
  },
  server_unreachable: {
    means: 'No Plimsoll process answers at the address.',
    hint: 'Start "plimsoll all", give --url, or use --embedded when no process uses the data folder.',
    exitCode: 1,
  },
  statement_refused: {
    means: 'The statement was refused or failed.',
    hint: 'Correct the statement at the position named.',
    exitCode: 1,
  },
  queue_closed: {
    means: 'Something was offered to a queue that takes no more.',
    hint: 'The process is stopping; what was not acknowledged is sent again at the next start.',
    exitCode: 1,
  },
  item_too_large: {
    means: 'Something is larger than the whole of the limit it should fit in.',
    hint: 'Raise the limit named in the message, or make the item smaller.',
    exitCode: 1,
  },
} as const satisfies Readonly<Record<string, ErrorEntry>>;

export interface ErrorEntry {
  means: string;
  hint: string;
  exitCode: 1 | 2;
}

export type ErrorCode = keyof typeof errorCatalogue;

export const errorCodes = Object.freeze(Object.keys(errorCatalogue).filter(isErrorCode));

export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(errorCatalogue, text);
}
