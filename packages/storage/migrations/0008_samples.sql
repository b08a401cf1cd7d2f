-- Metrics that others push: remote write, OTLP. One row per sample, and what a series is beside it.

-- A sample is known by series and time. One that comes twice, as after a timeout of the sender, is one
-- row once the parts have merged, and until then two: read with FINAL. Of different values for one time
-- the one stands that was inserted last. A value that an insert gives as null is Prometheus's stale
-- marker, NaN with bits 0x7ff0000000000002: text has one NaN only.
-- A value takes 3.1 bytes with ZSTD alone, 5.4 with Gorilla before it. FINAL costs nothing where parts
-- have merged and doubles a query's time where they have not.
--
-- The hour in the key makes one metric over some hours a run of rows, however many series it has. The key
-- ends in milliseconds and not in `time`: were `time` itself in it, a condition on `time` would be held
-- against that last column alone, and the hour would exclude nothing.
CREATE TABLE IF NOT EXISTS samples
(
    tenant LowCardinality(String),
    metric_name LowCardinality(String),
    series_id UInt64 CODEC(ZSTD(1)),
    time DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    value Float64 DEFAULT reinterpretAsFloat64(toUInt64(9218868437227405314)) CODEC(ZSTD(1)),
    CONSTRAINT lease CHECK NOT startsWith(getSetting('log_comment'), 'lease ') OR (toUnixTimestamp(nowInBlock()) + 1) * 1000 <= toInt64OrZero(substring(getSetting('log_comment'), 7))
)
ENGINE = ReplacingMergeTree
PARTITION BY toDate(time)
ORDER BY (tenant, metric_name, toStartOfHour(time), series_id, toUnixTimestamp64Milli(time))
SETTINGS non_replicated_deduplication_window = 20000, ttl_only_drop_parts = 1, materialize_ttl_recalculate_only = 1
COMMENT 'Pushed metrics, one row per sample; read with FINAL';

-- Rows of a series merge: it lives from its first to its last row, and what was said last of its metric
-- stands. Null says nothing: a process that was started anew may describe a series before its metric.
CREATE TABLE IF NOT EXISTS series
(
    tenant LowCardinality(String),
    metric_name LowCardinality(String),
    series_id UInt64 CODEC(ZSTD(1)),
    labels SimpleAggregateFunction(any, Map(String, String)) CODEC(ZSTD(1)),
    type SimpleAggregateFunction(anyLast, Nullable(String)) COMMENT 'counter, gauge, histogram, …; null: not known' CODEC(ZSTD(1)),
    unit SimpleAggregateFunction(anyLast, Nullable(String)) CODEC(ZSTD(1)),
    help SimpleAggregateFunction(anyLast, Nullable(String)) CODEC(ZSTD(1)),
    first_seen SimpleAggregateFunction(min, DateTime64(3, 'UTC')),
    last_seen SimpleAggregateFunction(max, DateTime64(3, 'UTC')),
    CONSTRAINT lease CHECK NOT startsWith(getSetting('log_comment'), 'lease ') OR (toUnixTimestamp(nowInBlock()) + 1) * 1000 <= toInt64OrZero(substring(getSetting('log_comment'), 7))
)
ENGINE = AggregatingMergeTree
ORDER BY (tenant, metric_name, series_id)
SETTINGS non_replicated_deduplication_window = 20000, materialize_ttl_recalculate_only = 1
COMMENT 'Series of samples: labels but the name, type, unit, help; read with FINAL';
