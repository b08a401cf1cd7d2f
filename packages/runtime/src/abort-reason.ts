/** Why a signal aborted, as an error also where somebody gave another value. */
export function abortReason(signal: AbortSignal | undefined): Error {
  const reason: unknown = signal?.reason;
  return reason instanceof Error
    ? reason
    : new Error('The operation was aborted.', { cause: reason });
}
