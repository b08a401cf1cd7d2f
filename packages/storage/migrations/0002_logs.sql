-- How log bytes become rows. Ingest inserts one row per chunk into the Null table of the chunk's
-- format; the views split, decode and join, once, in C++. Decisions and figures:
-- docs/adr/0002-log-table.md.
--
--   log_chunks_docker ───────┐
--   log_chunks_docker_split ─┼─▶ log_records (Null) ─▶ logs
--   log_chunks_cri ──────────┤
--   log_chunks_plain ────────┘
--        └── each ─▶ log_ranges
--
-- One table for each format, because the engine analyses every view of a table anew for each insert
-- (10 to 30 ms a view), wanted or not.

CREATE TABLE IF NOT EXISTS logs
(
    time DateTime64(9, 'UTC') COMMENT 'As the runtime wrote it; arrival time where it wrote none that can be read' CODEC(Delta, ZSTD(1)),
    tenant LowCardinality(String),
    host LowCardinality(String),
    container_id LowCardinality(String),
    container_name LowCardinality(String),
    image LowCardinality(String),
    compose_project LowCardinality(String),
    compose_service LowCardinality(String),
    kubernetes_namespace LowCardinality(String),
    kubernetes_pod LowCardinality(String),
    kubernetes_container LowCardinality(String),
    stream LowCardinality(String) COMMENT 'stdout, stderr or empty',
    severity LowCardinality(String) COMMENT 'trace, debug, info, warn, error, fatal or empty',
    message String COMMENT 'Without terminal escapes and line end: what is searched' CODEC(ZSTD(1)),
    message_raw String COMMENT 'As written, only where it differs from message' CODEC(ZSTD(1)),
    file_id LowCardinality(String),
    position UInt64 COMMENT 'First byte of the record in its file' CODEC(Delta, ZSTD(1)),
    ingested_at DateTime('UTC') COMMENT 'When its frame was closed; retention counts from here' CODEC(Delta, ZSTD(1)),
    INDEX message_words message TYPE tokenbf_v1(16384, 2, 0) GRANULARITY 1
)
ENGINE = MergeTree
-- A day of its own only for times that can be true: a line that claims the year 1971 or 2200 goes
-- with its arrival, so that one batch never spreads over hundreds of partitions.
PARTITION BY toDate(if(time > ingested_at - toIntervalDay(31) AND time < ingested_at + toIntervalDay(1), toDateTime(time, 'UTC'), ingested_at))
ORDER BY (tenant, toStartOfHour(time), container_id, time)
SETTINGS merge_selector_base = 16, non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1, materialize_ttl_recalculate_only = 1
COMMENT 'One row per log record; identity is (file_id, position)';

CREATE TABLE IF NOT EXISTS log_ranges
(
    time DateTime('UTC'),
    tenant LowCardinality(String),
    file_id LowCardinality(String),
    start UInt64,
    end UInt64,
    partition LowCardinality(String),
    batch UInt64
)
ENGINE = MergeTree
ORDER BY (tenant, file_id, start)
SETTINGS non_replicated_deduplication_window = 10000, materialize_ttl_recalculate_only = 1
COMMENT 'Byte ranges [start, end) of files whose lines are stored, and the batch that stored them';

CREATE TABLE IF NOT EXISTS log_chunks_docker
(
    received_at DateTime64(3, 'UTC') COMMENT 'When the frame was closed',
    tenant LowCardinality(String),
    host LowCardinality(String),
    container_id LowCardinality(String),
    container_name LowCardinality(String),
    image LowCardinality(String),
    compose_project LowCardinality(String),
    compose_service LowCardinality(String),
    kubernetes_namespace LowCardinality(String),
    kubernetes_pod LowCardinality(String),
    kubernetes_container LowCardinality(String),
    stream LowCardinality(String) COMMENT 'Of a format that does not say it per line',
    file_id LowCardinality(String),
    start UInt64,
    end UInt64,
    partition LowCardinality(String),
    batch UInt64,
    data String COMMENT 'Base64 of the bytes [start, end)',
    lines Array(String) MATERIALIZED splitByChar('\n', if(endsWith(base64Decode(data), '\n'), substring(base64Decode(data), 1, length(base64Decode(data)) - 1), base64Decode(data))),
    ends Array(UInt64) MATERIALIZED arrayCumSum(arrayMap(line -> length(line) + 1, lines))
)
ENGINE = Null
COMMENT 'Chunks of json-file without split lines';

CREATE TABLE IF NOT EXISTS log_chunks_docker_split AS log_chunks_docker
ENGINE = Null
COMMENT 'Chunks of json-file that may have split lines';

CREATE TABLE IF NOT EXISTS log_chunks_cri AS log_chunks_docker
ENGINE = Null
COMMENT 'Chunks in the format of containerd and CRI-O';

CREATE TABLE IF NOT EXISTS log_chunks_plain AS log_chunks_docker
ENGINE = Null
COMMENT 'Chunks of plain text';

CREATE TABLE IF NOT EXISTS log_records
(
    time Nullable(DateTime64(9, 'UTC')),
    received_at DateTime64(3, 'UTC'),
    tenant LowCardinality(String),
    host LowCardinality(String),
    container_id LowCardinality(String),
    container_name LowCardinality(String),
    image LowCardinality(String),
    compose_project LowCardinality(String),
    compose_service LowCardinality(String),
    kubernetes_namespace LowCardinality(String),
    kubernetes_pod LowCardinality(String),
    kubernetes_container LowCardinality(String),
    stream LowCardinality(String),
    text String COMMENT 'As written, without the line end',
    file_id LowCardinality(String),
    position UInt64
)
ENGINE = Null
COMMENT 'Decoded records on their way from log_chunks to logs';

CREATE MATERIALIZED VIEW IF NOT EXISTS log_ranges_from_docker TO log_ranges AS
SELECT toDateTime(received_at, 'UTC') AS time, tenant, file_id, start, end, partition, batch
FROM log_chunks_docker;

CREATE MATERIALIZED VIEW IF NOT EXISTS log_ranges_from_docker_split TO log_ranges AS
SELECT toDateTime(received_at, 'UTC') AS time, tenant, file_id, start, end, partition, batch
FROM log_chunks_docker_split;

CREATE MATERIALIZED VIEW IF NOT EXISTS log_ranges_from_cri TO log_ranges AS
SELECT toDateTime(received_at, 'UTC') AS time, tenant, file_id, start, end, partition, batch
FROM log_chunks_cri;

CREATE MATERIALIZED VIEW IF NOT EXISTS log_ranges_from_plain TO log_ranges AS
SELECT toDateTime(received_at, 'UTC') AS time, tenant, file_id, start, end, partition, batch
FROM log_chunks_plain;

-- Docker's json-file. A line is taken apart by position where it has exactly the form that Docker
-- writes, {"log":"…","stream":"std…","time":"…"}: this proves it whole without parsing it twice, and
-- keeps bytes that are not UTF-8. Two lines in one, of which a crash tore the first, have `{"log":"`
-- twice; inside a value its quotes would be escaped. Any other line is parsed as JSON, and kept as it
-- is where that fails, with stream ''.
CREATE MATERIALIZED VIEW IF NOT EXISTS log_records_from_docker TO log_records AS
WITH
    position(line, ',"time":"', toUInt64(greatest(1, length(line) - 48))) AS time_at,
    startsWith(line, '{"log":"') AND endsWith(line, '"}') AND position(line, '{"log":"', 2) = 0 AND position(line, '\\ud') = 0
        AND substring(line, time_at - 18, 17) IN (',"stream":"stdout', ',"stream":"stderr') AS is_docker,
    if(is_docker, false, isValidJSON(line) AND JSONHas(line, 'log')) AS is_json,
    multiIf(is_docker, simpleJSONExtractString(line, 'log'), is_json, JSONExtractString(line, 'log'), line) AS log
SELECT
    parseDateTime64BestEffortOrNull(
        if(is_docker, substring(line, time_at + 9, length(line) - time_at - 10), if(is_json, JSONExtractString(line, 'time'), '')),
        9, 'UTC') AS time,
    received_at, tenant, host, container_id, container_name, image, compose_project, compose_service,
    kubernetes_namespace, kubernetes_pod, kubernetes_container,
    if(is_docker, substring(line, time_at - 7, 6), if(is_json, JSONExtractString(line, 'stream'), '')) AS stream,
    substring(log, 1, length(log) - endsWith(log, '\n')) AS text,
    file_id,
    toUInt64(start + line_end - length(line) - 1) AS position
FROM log_chunks_docker
ARRAY JOIN lines AS line, ends AS line_end;

-- Docker splits what a container writes into parts of 16 KiB: a part that does not end in \n goes on
-- in the next line of the same stream, and lines of the other stream may stand between.
CREATE MATERIALIZED VIEW IF NOT EXISTS log_records_from_docker_split TO log_records AS
WITH
    arrayMap((line, line_end) -> toUInt64(start + line_end - length(line) - 1), lines, ends) AS positions,
    arrayMap(line -> startsWith(line, '{"log":"') AND endsWith(line, '"}') AND position(line, '\\ud') = 0
        AND position(line, '{"log":"', 2) = 0 AND match(line, '","stream":"std(?:out|err)","time":"[^"]*"}$'), lines) AS is_docker,
    arrayMap((line, docker) -> docker OR (isValidJSON(line) AND JSONHas(line, 'log')), lines, is_docker) AS is_json,
    arrayMap((line, docker, json) -> multiIf(
        docker, (simpleJSONExtractString(line, 'stream'), simpleJSONExtractString(line, 'log'), simpleJSONExtractString(line, 'time')),
        json, (JSONExtractString(line, 'stream'), JSONExtractString(line, 'log'), JSONExtractString(line, 'time')),
        ('', concat(line, '\n'), '')), lines, is_docker, is_json) AS decoded,
    -- (stream, position, log, time), each stream by itself.
    arraySort(arrayMap((part, at) -> (part.1, at, part.2, part.3), decoded, positions)) AS parts,
    arrayMap((part, before) -> part.1 != before.1 OR part.1 = '' OR endsWith(before.3, '\n'),
        parts, arrayPushFront(arrayPopBack(parts), ('', toUInt64(0), '', ''))) AS is_first,
    arrayMap(group -> (group[1].1, group[1].2, arrayStringConcat(arrayMap(part -> part.3, group)), group[1].4),
        arraySplit((part, first) -> first, parts, is_first)) AS records,
    arrayJoin(records) AS record
SELECT
    parseDateTime64BestEffortOrNull(record.4, 9, 'UTC') AS time,
    received_at, tenant, host, container_id, container_name, image, compose_project, compose_service,
    kubernetes_namespace, kubernetes_pod, kubernetes_container,
    record.1 AS stream,
    substring(record.3, 1, length(record.3) - endsWith(record.3, '\n')) AS text,
    file_id,
    record.2 AS position
FROM log_chunks_docker_split;

-- CRI: "<time> <stdout|stderr> <P|F>[:tags] <text>"; P goes on in the next line of the same stream.
CREATE MATERIALIZED VIEW IF NOT EXISTS log_records_from_cri TO log_records AS
WITH
    arrayMap((line, line_end) -> toUInt64(start + line_end - length(line) - 1), lines, ends) AS positions,
    arrayMap(line -> extractGroups(line, '^(\\d{4}-\\d\\d-\\d\\dT\\S+) (stdout|stderr) ([PF])(?::\\S*)?(?: |$)'), lines) AS heads,
    arrayMap((line, head) -> if(empty(head),
        ('', line, '', 'F'),
        (head[2], substring(line, length(extract(line, '^\\S+ \\S+ \\S+ ?')) + 1), head[1], head[3])), lines, heads) AS decoded,
    -- (stream, position, text, time, P or F)
    arraySort(arrayMap((part, at) -> (part.1, at, part.2, part.3, part.4), decoded, positions)) AS parts,
    arrayMap((part, before) -> part.1 != before.1 OR part.1 = '' OR before.5 = 'F',
        parts, arrayPushFront(arrayPopBack(parts), ('', toUInt64(0), '', '', 'F'))) AS is_first,
    arrayMap(group -> (group[1].1, group[1].2, arrayStringConcat(arrayMap(part -> part.3, group)), group[1].4),
        arraySplit((part, first) -> first, parts, is_first)) AS records,
    arrayJoin(records) AS record
SELECT
    parseDateTime64BestEffortOrNull(record.4, 9, 'UTC') AS time,
    received_at, tenant, host, container_id, container_name, image, compose_project, compose_service,
    kubernetes_namespace, kubernetes_pod, kubernetes_container,
    record.1 AS stream,
    record.3 AS text,
    file_id,
    record.2 AS position
FROM log_chunks_cri;

CREATE MATERIALIZED VIEW IF NOT EXISTS log_records_from_plain TO log_records AS
SELECT
    CAST(NULL, 'Nullable(DateTime64(9, \'UTC\'))') AS time,
    received_at, tenant, host, container_id, container_name, image, compose_project, compose_service,
    kubernetes_namespace, kubernetes_pod, kubernetes_container,
    stream,
    line AS text,
    file_id,
    toUInt64(start + line_end - length(line) - 1) AS position
FROM log_chunks_plain
ARRAY JOIN lines AS line, ends AS line_end;

-- What is the same for every format: terminal escapes, line end, severity.
--
-- Severity: of JSON its level, severity or lvl (words, or the numbers of pino and bunyan). Else what
-- the first 80 bytes show first: level=…, a word in brackets or before a colon, a word in capitals,
-- or klog's letter and date.
CREATE MATERIALIZED VIEW IF NOT EXISTS logs_from_records TO logs AS
WITH
    if(position(text, '\x1b') > 0 OR endsWith(text, '\r'),
        replaceRegexpAll(text, '\x1b(?:\\[[0-?]*[ -/]*[@-~]|\\][^\x07\x1b]*(?:\x07|\x1b\\\\)?|[@-Z\\\\^_])|\r$', ''),
        text) AS message,
    simpleJSONExtractRaw(message, 'level') AS level,
    -- Few different ones: what follows is worked out once for each, not once per line.
    lower(toLowCardinality(if(startsWith(message, '{'),
        if(level = '', concat(simpleJSONExtractRaw(message, 'severity'), simpleJSONExtractRaw(message, 'lvl')), level),
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
