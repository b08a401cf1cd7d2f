export const transportErrorCodes = [
  /** The frame is larger than a journal or a broker will ever take. */
  'frame_too_large',
  /** The transport is stopped: nothing can be published any more. */
  'stopped',
] as const;
export type TransportErrorCode = (typeof transportErrorCodes)[number];

export class TransportError extends Error {
  override readonly name = 'TransportError';
  readonly code: TransportErrorCode;

  constructor(code: TransportErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
