/**
 * What the embedded engine is told when it opens. The aim: full ingest on two cores within 1 GB
 * resident for the whole process. The caches of a server (5 GB each by default) are cut to what
 * one host needs.
 */
import { availableParallelism } from 'node:os';
import { blockSettings } from '../block-settings.ts';
import type { Settings } from './embedded-connection.ts';

const mebibyte = 1024 * 1024;

/** `clickhouse local` command-line form; taken at the first opening in the process only. */
export function engineArguments(): string[] {
  const settings: Record<string, string | number> = {
    mark_cache_size: 64 * mebibyte,
    primary_index_cache_size: 64 * mebibyte,
    index_mark_cache_size: 32 * mebibyte,
    query_condition_cache_size: 16 * mebibyte,
    text_index_tokens_cache_size: 16 * mebibyte,
    text_index_header_cache_size: 16 * mebibyte,
    text_index_postings_cache_size: 32 * mebibyte,
    compiled_expression_cache_size: 16 * mebibyte,
    'logger.level': 'fatal',
    // Naming a level alone makes the engine write every trace to a terminal.
    'logger.console': 0,
  };
  return Object.entries(settings).map(([name, value]) => `--${name}=${value}`);
}

/** On every connection. */
export const commonSettings: Settings = {
  // The acknowledgement must mean stored.
  async_insert: 0,
  session_timezone: 'UTC',
  output_format_json_quote_64bit_integers: 0,
  max_threads: availableParallelism(),
};

export const insertSettings: Settings = {
  ...commonSettings,
  ...blockSettings,
  // One batch may hold lines of many days; the partition key is clamped, this is the last resort.
  throw_on_max_partitions_per_insert_block: 0,
  // Merges build the indexes: half the cost of an insert otherwise.
  materialize_skip_indexes_on_insert: 0,
  deduplicate_blocks_in_dependent_materialized_views: 1,
};

export const readSettings: Settings = {
  ...commonSettings,
  max_execution_time: 30,
  max_result_rows: 0,
  result_overflow_mode: 'throw',
};
