/**
 * Settings that a request may bring: those that the engine knows, that reach nothing outside a
 * statement, and not above what the user has. Families that do reach out are refused by name; what a
 * limit bounds may be lowered and not raised.
 */
import type { Catalogue } from '../catalogue.ts';
import { ClickHouseException } from '../exception.ts';
import type { Assignment } from '../statement/assignments.ts';

/** Largest values by name, in the setting's unit; a value of 0 stands for no limit and becomes it. */
export type SettingLimits = Readonly<Record<string, number>>;

/** Files, other servers, how text is understood, who somebody is, and the process itself. */
const forbidden = new RegExp(
  `^(?:${[
    // Text that is put into a statement, or changes how one is read.
    'additional_(?:table_filters|result_filter)',
    'input_format_values_(?:interpret_|deduce_).*',
    'dialect|polyglot_dialect|implicit_.*|enable_named_columns_in_.*|promql_.*',
    'default_view_definer|default_.*_sql_security|profile|allow_ddl',
    // Files.
    'format_schema.*|format_template_.*|.*_path|.*_path_.*|input_format_mysql_dump_.*',
    'into_outfile_.*|rename_files_.*|engine_file_.*|engine_url_.*|storage_file_.*|output_format_.*_file_.*',
    // Other servers and storage.
    's3.*|azure.*|hdfs.*|url_.*|mysql_.*|postgresql_.*|mongodb_.*|kafka_.*|rabbitmq_.*|odbc_.*|redis_.*',
    'iceberg_.*|delta_.*|paimon_.*|backup_.*|restore_.*|.*keeper_.*|cluster_.*|cloud_.*|object_storage_.*',
    'external_storage_.*|remote_.*|distributed_.*|parallel_replicas_.*|.*_parallel_replicas.*|.*distributed_cache.*',
    'database_(?:replicated|datalake|shared)_.*|shared_.*|ai_.*|webassembly_.*|dynamic_disk_.*|stream_like_.*',
    'allow_(?:unrestricted_reads_from_keeper|introspection_functions|python_table_function|fuzz_.*|named_collection_.*)',
    'allow_custom_error_code_in_throwif|allow_get_client_http_header|apply_settings_from_server',
    'allow_experimental_(?:database|kafka|nlp|hash|codecs|export|ytsaurus|.*dictionary|.*delta|.*iceberg|.*paimon).*',
    // The process.
    'send_logs_.*|jemalloc_.*|memory_(?:profiler|tracker)_.*|query_profiler_.*|trace_profile_.*|metrics_perf_.*',
    'opentelemetry_.*|os_thread.*|priority|workload|sleep_.*|unknown_packet.*|ast_fuzzer.*|.*fault_.*|.*_injection.*',
    'filesystem_.*|page_cache_inject_.*|background_.*|replace_running_query.*|calculate_text_stack_trace',
    'force_remove_data_.*|ignore_drop_queries_.*|discard_query_data|chdb_.*|kill_.*|reserve_memory',
  ].join('|')})$`,
);

/** May be raised, up to here. */
const ceilings: SettingLimits = {
  max_block_size: 1_048_576,
  max_insert_block_size: 10_485_760,
  max_insert_block_size_rows: 10_485_760,
  max_joined_block_size_rows: 1_048_576,
  max_partitions_per_insert_block: 10_000,
  preferred_block_size_bytes: 16_777_216,
  function_sleep_max_microseconds_per_block: 0,
};

/** Of the HTTP layer alone; unknown to the engine, or without a meaning to it. */
const httpSettings: ReadonlySet<string> = new Set([
  'buffer_size',
  'wait_end_of_query',
  'http_wait_end_of_query',
  'http_response_buffer_size',
  'enable_http_compression',
  'http_zlib_compression_level',
  'send_progress_in_http_headers',
  'http_headers_progress_interval_ms',
  'cancel_http_readonly_queries_on_client_close',
  'add_http_cors_header',
  'http_write_exception_in_output_format',
  'http_native_compression_disable_checksumming_on_decompress',
  'http_response_headers',
]);

/**
 * @returns the settings for the engine; those of the HTTP layer are left out
 * @throws {ClickHouseException} UNKNOWN_SETTING, SETTING_CONSTRAINT_VIOLATION, READONLY
 */
export function checkSettings(
  assignments: readonly Assignment[],
  catalogue: Catalogue,
  limits: SettingLimits,
): Map<string, string | null> {
  const checked = new Map<string, string | null>();
  for (const { name, value } of assignments) {
    const known = catalogue.settings.get(name);
    if (!known && !httpSettings.has(name)) {
      throw new ClickHouseException('UNKNOWN_SETTING', `Unknown setting '${name}'`);
    }
    if (httpSettings.has(name)) continue;
    checked.set(name, checkValue(name, value, { present: known?.value ?? '', limits }));
  }
  return checked;
}

function checkValue(
  name: string,
  value: string | null,
  { present, limits }: { present: string; limits: SettingLimits },
): string | null {
  if (name === 'readonly') return checkReadonly(value, limits);
  if (forbidden.test(name)) {
    throw new ClickHouseException(
      'SETTING_CONSTRAINT_VIOLATION',
      `Setting ${name} should not be changed`,
    );
  }
  const limit = limitOf(name, present, limits);
  if (value === null) return limits[name] === undefined ? null : String(limits[name]);
  if (limit === undefined) return value;
  const number = numberOf(value);
  if (number === null) return value;
  // As a server's: 0 asks for no limit of one's own.
  if (number === 0) return String(limit);
  if (number <= limit) return value;
  throw new ClickHouseException(
    'SETTING_CONSTRAINT_VIOLATION',
    `Setting ${name} shouldn't be greater than ${limit}`,
  );
}

/** A `max_…` that nobody listed may be lowered below what it is. */
function limitOf(name: string, present: string, limits: SettingLimits): number | undefined {
  const own = limits[name] ?? ceilings[name];
  if (own !== undefined) return own;
  if (!name.startsWith('max_')) return undefined;
  const now = numberOf(present);
  return now === null || now === 0 ? undefined : now;
}

function checkReadonly(value: string | null, limits: SettingLimits): string {
  const least = limits['readonly'] ?? 0;
  const number = Number(value ?? 0);
  if (![0, 1, 2].includes(number) || (least > 0 && number === 0)) {
    throw new ClickHouseException('READONLY', "Cannot modify 'readonly' setting in readonly mode");
  }
  return String(number);
}

const units: Readonly<Record<string, number>> = {
  '': 1,
  k: 1e3,
  m: 1e6,
  g: 1e9,
  t: 1e12,
  ki: 2 ** 10,
  mi: 2 ** 20,
  gi: 2 ** 30,
  ti: 2 ** 40,
};

/** Null for what is no plain number: the engine will say whether it is a value. */
function numberOf(value: string): number | null {
  if (value.startsWith('auto')) return 0;
  const match = /^\+?(\d+(?:\.\d*)?(?:e\+?\d+)?)([kmgt]?i?)$/i.exec(value.trim());
  const unit = units[(match?.[2] ?? '').toLowerCase()];
  return match && unit !== undefined ? Number(match[1]) * unit : null;
}
