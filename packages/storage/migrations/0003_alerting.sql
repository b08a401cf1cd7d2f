-- What alerting keeps beside the alerts themselves, and the floors that leaks are found in.

CREATE TABLE IF NOT EXISTS alert_rule_status
(
    tenant LowCardinality(String),
    rule LowCardinality(String),
    title String,
    description String,
    severity LowCardinality(String),
    for_seconds Float64,
    evaluated_at DateTime64(3, 'UTC'),
    evaluation_ms Float64,
    -- Empty: the evaluation succeeded.
    error String
)
ENGINE = ReplacingMergeTree(evaluated_at)
ORDER BY (tenant, rule)
COMMENT 'How each rule was last evaluated; read with FINAL';

-- Which episode of an alert a notification told of, and which end of it.
ALTER TABLE notifications ADD COLUMN IF NOT EXISTS alert_state LowCardinality(String);

ALTER TABLE notifications ADD COLUMN IF NOT EXISTS firing_at DateTime64(3, 'UTC');

-- The lowest value of each quarter of an hour: what is left after garbage collection, caches and
-- bursts. One row per insert until merges join them: aggregate when reading.
CREATE TABLE IF NOT EXISTS container_floors
(
    window_start DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
    tenant LowCardinality(String),
    container_id LowCardinality(String),
    started_at DateTime64(3, 'UTC') CODEC(ZSTD(1)),
    memory_unreclaimable_bytes SimpleAggregateFunction(min, Nullable(Int64)) CODEC(T64, ZSTD(1)),
    file_descriptors SimpleAggregateFunction(min, Nullable(Int64)) CODEC(T64, ZSTD(1)),
    threads SimpleAggregateFunction(min, Nullable(Int64)) CODEC(T64, ZSTD(1)),
    cpu_usage_seconds_total SimpleAggregateFunction(max, Nullable(Float64)) CODEC(ZSTD(1))
)
ENGINE = AggregatingMergeTree
PARTITION BY toMonday(window_start)
ORDER BY (tenant, container_id, started_at, window_start)
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1, materialize_ttl_recalculate_only = 1
COMMENT 'Lowest values per container, process life and quarter of an hour, without the first ten minutes';

-- Ten minutes of warm-up and windows of 900 s: packages/detect/src/leak/horizon.ts says the same.
CREATE MATERIALIZED VIEW IF NOT EXISTS container_floors_view TO container_floors AS
SELECT
    toDateTime(intDiv(toUnixTimestamp(time), 900) * 900, 'UTC') AS window_start,
    tenant,
    container_id,
    started_at,
    min(container_stats.memory_unreclaimable_bytes) AS memory_unreclaimable_bytes,
    min(container_stats.file_descriptors) AS file_descriptors,
    min(coalesce(container_stats.threads, container_stats.pids_current)) AS threads,
    max(container_stats.cpu_usage_seconds_total) AS cpu_usage_seconds_total
FROM container_stats
WHERE container_stats.time >= container_stats.started_at + toIntervalSecond(600)
GROUP BY window_start, tenant, container_id, started_at;
