/**
 * Errors as ClickHouse tells them: `Code: 62. DB::Exception: text. (SYNTAX_ERROR) (version …)`.
 * Numbers and names: src/Common/ErrorCodes.cpp.
 */
import { StorageError } from '@plimsoll/storage';
import { httpStatusOf } from './http-status.ts';

export const errorNames = {
  SYNTAX_ERROR: 62,
  BAD_ARGUMENTS: 36,
  NOT_IMPLEMENTED: 48,
  UNKNOWN_FORMAT: 73,
  CANNOT_READ_ALL_DATA: 33,
  INCORRECT_DATA: 117,
  UNKNOWN_SETTING: 115,
  CANNOT_COMPRESS: 271,
  CANNOT_DECOMPRESS: 272,
  CHECKSUM_DOESNT_MATCH: 40,
  UNKNOWN_COMPRESSION_METHOD: 89,
  READONLY: 164,
  TOO_MANY_SIMULTANEOUS_QUERIES: 202,
  SOCKET_TIMEOUT: 209,
  NETWORK_ERROR: 210,
  QUERY_WITH_SAME_ID_IS_ALREADY_RUNNING: 216,
  QUERY_IS_TOO_LARGE: 223,
  NOT_ENOUGH_SPACE: 243,
  ABORTED: 236,
  SESSION_NOT_FOUND: 372,
  SESSION_IS_LOCKED: 373,
  INVALID_SESSION_TIMEOUT: 374,
  QUERY_WAS_CANCELLED: 394,
  SETTING_CONSTRAINT_VIOLATION: 452,
  ACCESS_DENIED: 497,
  REQUIRED_PASSWORD: 194,
  AUTHENTICATION_FAILED: 516,
  TOO_MANY_SESSIONS: 202,
  UNKNOWN_EXCEPTION: 1002,
} as const;

export type ErrorName = keyof typeof errorNames;

export class ClickHouseException extends Error {
  override readonly name = 'ClickHouseException';
  readonly code: number;
  /** Such as `SYNTAX_ERROR`. */
  readonly errorName: string;
  readonly status: number;

  /** @param message without code, name and version */
  constructor(
    errorName: string,
    message: string,
    options: { code?: number; status?: number } = {},
  ) {
    super(message);
    this.errorName = errorName;
    this.code = options.code ?? (isKnown(errorName) ? errorNames[errorName] : 1002);
    this.status = options.status ?? httpStatusOf(this.code);
  }

  /** One line, without a line break at its end. */
  text(version: string): string {
    const end = /[.!?]$/.test(this.message) ? '' : '.';
    return `Code: ${this.code}. DB::Exception: ${this.message}${end} (${this.errorName}) (version ${version})`;
  }
}

/** What anything thrown is to the client. */
export function toException(error: unknown): ClickHouseException {
  if (error instanceof ClickHouseException) return error;
  const text = error instanceof Error ? error.message : String(error);
  const code = /\bCode: (\d+)\. DB::/.exec(text)?.[1];
  if (code !== undefined) return fromEngine(text, Number(code));
  if (error instanceof StorageError) return fromStorage(error);
  return new ClickHouseException('UNKNOWN_EXCEPTION', 'the server could not answer; see its log');
}

/**
 * The engine repeats itself at each level: `Code: 73. DB::Exception: Code: 73. DB::Exception: text.
 * (UNKNOWN_FORMAT) (version 26.7.2.1). (UNKNOWN_FORMAT)`.
 */
function fromEngine(text: string, code: number): ClickHouseException {
  const name = /\(([A-Z][A-Z0-9_]{2,})\)/g;
  const names = [...text.matchAll(name)].map(([, found]) => found);
  const message = withoutOurs(text)
    .replace(/^(?:\s*Code: \d+\. DB::(?:Net)?Exception: )+/, '')
    .replace(/(?:\.?\s*\((?:[A-Z][A-Z0-9_]{2,}|version [^)]*)\))+\.?\s*$/, '')
    .replace(/\s*\([A-Z][A-Z0-9_]{2,}\) \(version [^)]*\)/g, '');
  return new ClickHouseException(names.at(-1) ?? 'UNKNOWN_EXCEPTION', message.trim(), { code });
}

/** What stands in a message only because of how a statement is run here. */
function withoutOurs(text: string): string {
  return text
    .replace(/:? ?In scope SELECT formatQuerySingleLine\(.*?\)(?=\. \([A-Z_]+\)|$)/s, '')
    .replace(/ INTO OUTFILE '\/proc\/self\/fd\/\d+'(?: APPEND)?(?: COMPRESSION 'none')?/g, '')
    .replace(/ ?\(in file\/uri \/proc\/self\/fd\/\d+\):?/g, '')
    .replace(/: data for INSERT was parsed from file/g, '')
    .replace(/\/\* plimsoll:\S+ \*\/ /g, '');
}

const namesOfStorage: Partial<Record<StorageError['code'], ErrorName>> = {
  disk_full: 'NOT_ENOUGH_SPACE',
  busy: 'TOO_MANY_SIMULTANEOUS_QUERIES',
  aborted: 'QUERY_WAS_CANCELLED',
  closed: 'ABORTED',
};

function fromStorage(error: StorageError): ClickHouseException {
  const status = error.code === 'busy' || error.code === 'closed' ? { status: 503 } : {};
  return new ClickHouseException(namesOfStorage[error.code] ?? 'UNKNOWN_EXCEPTION', error.message, {
    ...status,
  });
}

function isKnown(name: string): name is ErrorName {
  return Object.hasOwn(errorNames, name);
}
