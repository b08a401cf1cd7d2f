/**
 * Limits that more than one process must agree on. Each is enforced where the thing is made and
 * checked again where it is taken in.
 */
export const limits = {
  /** Raw bytes of log in one chunk; larger reads are cut at the last complete record. */
  maxChunkBytes: 1024 * 1024,
  /** Raw bytes of all chunks in one frame, before compression. */
  maxFrameBytes: 8 * 1024 * 1024,
  /** Chunks in one frame. */
  maxFrameChunks: 4096,
  /**
   * Longest record (one line, or a line and its split parts). A longer one is cut at this size
   * into several records, so that nothing is lost and no buffer grows without bound.
   */
  maxRecordBytes: 1024 * 1024,
  /** Rows in one rows frame. */
  maxFrameRows: 10_000,
} as const;
