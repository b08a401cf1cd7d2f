-- Chunks whose lines were joined, redacted or withheld before they left the host, or that come from no
-- file: format `records`, one record per line, as packages/model/src/records.ts has it.

CREATE TABLE IF NOT EXISTS log_chunks_records
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
    stream LowCardinality(String) COMMENT 'Of a source that does not say it per record',
    file_id LowCardinality(String),
    start UInt64,
    end UInt64,
    partition LowCardinality(String),
    batch UInt64,
    data String COMMENT 'Records that come from the bytes [start, end)'
)
ENGINE = Null
COMMENT 'Chunks of ready records';

CREATE MATERIALIZED VIEW IF NOT EXISTS log_records_from_records TO log_records AS
WITH
    splitByChar('\t', line, 5) AS fields,
    fields[5] AS escaped
SELECT
    parseDateTime64BestEffortOrNull(fields[2], 9, 'UTC') AS time,
    received_at, tenant, host, container_id, container_name, image, compose_project, compose_service,
    kubernetes_namespace, kubernetes_pod, kubernetes_container,
    if(fields[3] = '', stream, fields[3]) AS stream,
    -- 01 03 stands for 01: last, or it would make new pairs.
    if(position(escaped, '\x01') = 0, escaped,
        replaceAll(replaceAll(replaceAll(replaceAll(replaceAll(escaped,
            '\x01\x02', '\n'), '\x01\x06', '\n'), '\x01\x05', ''), '\x01\x04', '\t'), '\x01\x03', '\x01')) AS text,
    file_id,
    toUInt64OrZero(fields[1]) AS position
FROM log_chunks_records
ARRAY JOIN splitByChar('\n', substring(data, 1, length(data) - 1)) AS line;
