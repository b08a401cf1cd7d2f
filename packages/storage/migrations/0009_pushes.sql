-- Log records that others push over HTTP: format `pushed`, one record per line, as
-- packages/model/src/pushed-records.ts has it. They go the way of chunks, so that what a client
-- repeats is trimmed like bytes of a file that come twice.
--
--   log_pushes (Null) ─▶ log_pushed_records (Null) ─▶ logs
--
-- Beside log_records and its view, and not through them, because a view is never changed: dropped and
-- made anew, rows that others store meanwhile would be lost; changed in place (MODIFY QUERY), the
-- engine gives its blocks other identities until it is opened again, and a replay over that moment
-- would be stored a second time.
--
-- Names of labels are plain strings: with LowCardinality(String) the column, empty as it is in every
-- line of a file, made inserts of such lines a fifth dearer, and so it does next to nothing.

ALTER TABLE logs
    ADD COLUMN IF NOT EXISTS labels Map(String, String) COMMENT 'Of pushed records: what has no column of its own' CODEC(ZSTD(1));

CREATE TABLE IF NOT EXISTS log_pushes
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
    stream LowCardinality(String) COMMENT 'Of records that do not say it',
    file_id LowCardinality(String) COMMENT 'Which push; made of its content',
    start UInt64,
    end UInt64,
    partition LowCardinality(String),
    batch UInt64,
    data String COMMENT 'The records [start, end) of the push'
)
ENGINE = Null
COMMENT 'Chunks of pushed records';

CREATE TABLE IF NOT EXISTS log_pushed_records
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
    given_severity String COMMENT 'As the sender said it; empty: to be found in the text',
    labels Map(String, String),
    text String COMMENT 'As the sender wrote it',
    file_id LowCardinality(String),
    position UInt64
)
ENGINE = Null
COMMENT 'Pushed records before what is done for every format';

CREATE MATERIALIZED VIEW IF NOT EXISTS log_pushed_records_from_pushes TO log_pushed_records AS
WITH
    splitByChar('\t', line, 6) AS fields,
    fields[6] AS escaped
SELECT
    if(fields[2] = '', NULL, fromUnixTimestamp64Nano(toInt64OrZero(fields[2]), 'UTC')) AS time,
    received_at, tenant, host, container_id, container_name, image, compose_project, compose_service,
    kubernetes_namespace, kubernetes_pod, kubernetes_container,
    if(fields[3] = '', stream, fields[3]) AS stream,
    fields[4] AS given_severity,
    if(fields[5] = '', map(), JSONExtract(fields[5], 'Map(String, String)')) AS labels,
    -- 01 03 stands for 01: last, or it would make new pairs.
    if(position(escaped, '\x01') = 0, escaped,
        replaceAll(replaceAll(replaceAll(escaped, '\x01\x06', '\n'), '\x01\x04', '\t'), '\x01\x03', '\x01')) AS text,
    file_id,
    toUInt64OrZero(fields[1]) AS position
FROM log_pushes
ARRAY JOIN splitByChar('\n', substring(data, 1, length(data) - 1)) AS line;

-- As logs_from_records (0002_logs.sql), with labels, and with the severity that the sender gave: each
-- of ours is a word for itself.
CREATE MATERIALIZED VIEW IF NOT EXISTS logs_from_pushed_records TO logs AS
WITH
    if(position(text, '\x1b') > 0 OR endsWith(text, '\r'),
        replaceRegexpAll(text, '\x1b(?:\\[[0-?]*[ -/]*[@-~]|\\][^\x07\x1b]*(?:\x07|\x1b\\\\)?|[@-Z\\\\^_])|\r$', ''),
        text) AS message,
    simpleJSONExtractRaw(message, 'level') AS level,
    -- Few different ones: what follows is worked out once for each, not once per line.
    lower(toLowCardinality(multiIf(
        given_severity != '', given_severity,
        startsWith(message, '{'),
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
    toDateTime(received_at, 'UTC') AS ingested_at,
    labels
FROM log_pushed_records;
