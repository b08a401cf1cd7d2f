import { errorCatalogue } from './catalogue.ts';
import type { ErrorCode } from './catalogue.ts';

export interface PlimsollErrorOptions {
  cause?: unknown;
  /** What to do, where more is known than the catalogue says; null when the message says it. */
  hint?: string | null | undefined;
}

/**
 * An operating error: expected to happen, handled, shown without a stack trace. The message says
 * what was expected and what came, never a secret nor a log line's content; the hint what to do.
 */
export class PlimsollError extends Error {
  override readonly name = 'PlimsollError';
  readonly code: ErrorCode;
  readonly hint: string | null;
  readonly exitCode: 1 | 2;

  constructor(code: ErrorCode, message: string, options: PlimsollErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    const entry = errorCatalogue[code];
    this.code = code;
    this.hint = options.hint === undefined ? entry.hint : options.hint;
    this.exitCode = entry.exitCode;
  }
}

/** The message of anything thrown. */
export function messageOf(error: unknown): string {
  if (error instanceof Error) return error.message === '' ? error.name : error.message;
  return String(error);
}

/** The `code` of a system error such as ENOSPC, or of a coded error; null without one. */
export function codeOf(error: unknown): string | null {
  if (typeof error !== 'object' || error === null || !('code' in error)) return null;
  return typeof error.code === 'string' ? error.code : null;
}
