-- Chunks come as they are, in RowBinary, no longer as base64 in CSV; decisions and figures:
-- docs/adr/0003-chunks-pass-through.md.

ALTER TABLE log_chunks_docker
    COMMENT COLUMN data 'The bytes [start, end)',
    MODIFY COLUMN lines Array(String) MATERIALIZED splitByChar('\n', if(endsWith(data, '\n'), substring(data, 1, length(data) - 1), data));

ALTER TABLE log_chunks_docker_split
    COMMENT COLUMN data 'The bytes [start, end)',
    MODIFY COLUMN lines Array(String) MATERIALIZED splitByChar('\n', if(endsWith(data, '\n'), substring(data, 1, length(data) - 1), data));

ALTER TABLE log_chunks_cri
    COMMENT COLUMN data 'The bytes [start, end)',
    MODIFY COLUMN lines Array(String) MATERIALIZED splitByChar('\n', if(endsWith(data, '\n'), substring(data, 1, length(data) - 1), data));

ALTER TABLE log_chunks_plain
    COMMENT COLUMN data 'The bytes [start, end)',
    MODIFY COLUMN lines Array(String) MATERIALIZED splitByChar('\n', if(endsWith(data, '\n'), substring(data, 1, length(data) - 1), data));

-- A fresh part is one file and not two for each column: a third of the system calls of an insert
-- were files being made. Merges of 64 parts at once write each row fewer times.
ALTER TABLE logs
    MODIFY SETTING min_bytes_for_wide_part = 134217728, min_parts_to_merge_at_once = 64;

-- What is acknowledged stays after a power failure too: until then the journal, or the broker, has it.
ALTER TABLE container_stats
    MODIFY SETTING fsync_after_insert = 1, fsync_part_directory = 1;

ALTER TABLE host_stats
    MODIFY SETTING fsync_after_insert = 1, fsync_part_directory = 1;

ALTER TABLE filesystem_stats
    MODIFY SETTING fsync_after_insert = 1, fsync_part_directory = 1;

ALTER TABLE collector_stats
    MODIFY SETTING fsync_after_insert = 1, fsync_part_directory = 1;

ALTER TABLE events
    MODIFY SETTING fsync_after_insert = 1, fsync_part_directory = 1;

ALTER TABLE targets
    MODIFY SETTING fsync_after_insert = 1, fsync_part_directory = 1;

ALTER TABLE alerts
    MODIFY SETTING fsync_after_insert = 1, fsync_part_directory = 1;

ALTER TABLE alert_transitions
    MODIFY SETTING fsync_after_insert = 1, fsync_part_directory = 1;

ALTER TABLE notifications
    MODIFY SETTING fsync_after_insert = 1, fsync_part_directory = 1;

ALTER TABLE logs
    MODIFY SETTING fsync_after_insert = 1, fsync_part_directory = 1;

ALTER TABLE log_ranges
    MODIFY SETTING fsync_after_insert = 1, fsync_part_directory = 1;

ALTER TABLE alert_rule_status
    MODIFY SETTING fsync_after_insert = 1, fsync_part_directory = 1;

ALTER TABLE container_floors
    MODIFY SETTING fsync_after_insert = 1, fsync_part_directory = 1;

-- What is left at the engine's default, LZ4, takes twice the space.
ALTER TABLE logs
    MODIFY COLUMN stream CODEC(ZSTD(1)),
    MODIFY COLUMN severity CODEC(ZSTD(1)),
    MODIFY COLUMN position CODEC(Delta, ZSTD(3));

-- Half the size, and a granule in fourteen is read in vain.
ALTER TABLE logs
    DROP INDEX IF EXISTS message_words;

ALTER TABLE logs
    ADD INDEX IF NOT EXISTS message_words message TYPE tokenbf_v1(8192, 2, 0) GRANULARITY 1;

-- For "what has arrived since": the live tail.
ALTER TABLE logs
    ADD INDEX IF NOT EXISTS arrival ingested_at TYPE minmax GRANULARITY 1;

-- Ingest writes the ranges itself, one row for each file and batch: a view was analysed anew for
-- every insert.
DROP VIEW IF EXISTS log_ranges_from_docker;

DROP VIEW IF EXISTS log_ranges_from_docker_split;

DROP VIEW IF EXISTS log_ranges_from_cri;

DROP VIEW IF EXISTS log_ranges_from_plain;

-- As before, but severity for less: see the comment within.
DROP VIEW IF EXISTS logs_from_records;

CREATE MATERIALIZED VIEW IF NOT EXISTS logs_from_records TO logs AS
WITH
    if(position(text, '\x1b') > 0 OR endsWith(text, '\r'),
        replaceRegexpAll(text, '\x1b(?:\\[[0-?]*[ -/]*[@-~]|\\][^\x07\x1b]*(?:\x07|\x1b\\\\)?|[@-Z\\\\^_])|\r$', ''),
        text) AS message,
    -- The text itself is looked at where it is JSON: the engine would work the message out once more
    -- for every branch that uses it.
    simpleJSONExtractRaw(text, 'level') AS level,
    -- Few different ones: what follows is worked out once for each, not once per line.
    lower(toLowCardinality(multiIf(
        startsWith(text, '{'),
        if(level = '', concat(simpleJSONExtractRaw(text, 'severity'), simpleJSONExtractRaw(text, 'lvl')), level),
        startsWith(text, '\x1b') AND startsWith(message, '{'),
        if(simpleJSONExtractRaw(message, 'level') = '', concat(simpleJSONExtractRaw(message, 'severity'), simpleJSONExtractRaw(message, 'lvl')), simpleJSONExtractRaw(message, 'level')),
        extract(substring(message, 1, 80),
            '(?i:\\b(?:level|severity|lvl)=["\']?(?:TRACE|TRC|VERBOSE|FINEST|DEBUG|DBG|DBUG|INFO|INFORMATION|INF|NOTICE|WARN|WARNING|WRN|ERROR|ERR|SEVERE|FATAL|FTL|CRITICAL|CRIT|PANIC|EMERG|EMERGENCY|ALERT)\\b|[\\[(<|](?:TRACE|TRC|VERBOSE|FINEST|DEBUG|DBG|DBUG|INFO|INFORMATION|INF|NOTICE|WARN|WARNING|WRN|ERROR|ERR|SEVERE|FATAL|FTL|CRITICAL|CRIT|PANIC|EMERG|EMERGENCY|ALERT)[\\])>|:]|(?:^|[ \\t])(?:TRACE|TRC|VERBOSE|FINEST|DEBUG|DBG|DBUG|INFO|INFORMATION|INF|NOTICE|WARN|WARNING|WRN|ERROR|ERR|SEVERE|FATAL|FTL|CRITICAL|CRIT|PANIC|EMERG|EMERGENCY|ALERT):)|(?:^|[^A-Za-z0-9_/.-])(?:TRACE|TRC|VERBOSE|FINEST|DEBUG|DBG|DBUG|INFO|INFORMATION|INF|NOTICE|WARN|WARNING|WRN|ERROR|ERR|SEVERE|FATAL|FTL|CRITICAL|CRIT|PANIC|EMERG|EMERGENCY|ALERT)(?:[^A-Za-z0-9_/.=-]|$)|^[IWEF](?:0[1-9]|1[0-2])\\d\\d [0-9:]')))) AS word
SELECT
    ifNull(time, received_at) AS time,
    tenant, host, container_id, container_name, image, compose_project, compose_service,
    kubernetes_namespace, kubernetes_pod, kubernetes_container, stream,
    [
        '', 'info', 'info', 'warn', 'warn', 'error', 'error', 'fatal', 'fatal', 'trace', 'trace', 'trace', 'trace', 'debug', 'debug', 'debug', 'info', 'info', 'warn', 'warn', 'error', 'error', 'fatal', 'fatal', 'fatal', 'fatal', 'fatal', 'fatal', 'trace', 'debug', 'info', 'warn', 'error', 'fatal'
    ][multiSearchFirstIndex(word, [
        'i0', 'i1', 'w0', 'w1', 'e0', 'e1', 'f0', 'f1', 'trace', 'trc', 'verbose', 'finest', 'debug', 'dbg', 'dbug', 'inf', 'notice', 'warn', 'wrn', 'err', 'severe', 'fatal', 'ftl', 'crit', 'panic', 'emerg', 'alert', '10', '20', '30', '40', '50', '60'
    ]) + 1] AS severity,
    message,
    if(length(message) = length(text), '', text) AS message_raw,
    file_id,
    position,
    toDateTime(received_at, 'UTC') AS ingested_at
FROM log_records;
