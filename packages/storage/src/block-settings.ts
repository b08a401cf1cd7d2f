/**
 * How an insert becomes blocks. A repeat under the same token must make the same blocks in the same
 * order, so one thread makes them; and an insert that is refused must have stored nothing, so what
 * ingest sends at once is gathered into one block before any of it is written. These are the engine's
 * own defaults, but the profile of a server may have others.
 */
export const blockSettings = {
  max_insert_threads: 1,
  max_insert_block_size: 1_048_449,
  min_insert_block_size_rows: 1_048_449,
  min_insert_block_size_bytes: 268_402_944,
} as const;
