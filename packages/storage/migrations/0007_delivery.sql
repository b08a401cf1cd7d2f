-- What keeps a row single when the process that inserts it was paused, or does not know whether its
-- insert went through. Figures and bounds: docs/adr/0006-clickhouse-delivery.md.
--
-- An insert may carry a lease, log_comment = 'lease <milliseconds since 1970, by this server's clock>'.
-- Every block of rows is held against it: nowInBlock() is the time of the block, not of the statement,
-- so that a body which trickles in is refused as well. One second is added because nowInBlock() leaves
-- fractions off. Null tables take no constraint; what their views fill has one.
--
-- A table that ingest fills has a constraint `lease` and a window; those made by later migrations too.
-- container_floors has neither need: its columns are minima and maxima, and a repeat changes none.

ALTER TABLE logs
    ADD CONSTRAINT IF NOT EXISTS lease CHECK NOT startsWith(getSetting('log_comment'), 'lease ') OR (toUnixTimestamp(nowInBlock()) + 1) * 1000 <= toInt64OrZero(substring(getSetting('log_comment'), 7));

ALTER TABLE log_ranges
    ADD CONSTRAINT IF NOT EXISTS lease CHECK NOT startsWith(getSetting('log_comment'), 'lease ') OR (toUnixTimestamp(nowInBlock()) + 1) * 1000 <= toInt64OrZero(substring(getSetting('log_comment'), 7));

ALTER TABLE container_stats
    ADD CONSTRAINT IF NOT EXISTS lease CHECK NOT startsWith(getSetting('log_comment'), 'lease ') OR (toUnixTimestamp(nowInBlock()) + 1) * 1000 <= toInt64OrZero(substring(getSetting('log_comment'), 7));

ALTER TABLE host_stats
    ADD CONSTRAINT IF NOT EXISTS lease CHECK NOT startsWith(getSetting('log_comment'), 'lease ') OR (toUnixTimestamp(nowInBlock()) + 1) * 1000 <= toInt64OrZero(substring(getSetting('log_comment'), 7));

ALTER TABLE filesystem_stats
    ADD CONSTRAINT IF NOT EXISTS lease CHECK NOT startsWith(getSetting('log_comment'), 'lease ') OR (toUnixTimestamp(nowInBlock()) + 1) * 1000 <= toInt64OrZero(substring(getSetting('log_comment'), 7));

ALTER TABLE collector_stats
    ADD CONSTRAINT IF NOT EXISTS lease CHECK NOT startsWith(getSetting('log_comment'), 'lease ') OR (toUnixTimestamp(nowInBlock()) + 1) * 1000 <= toInt64OrZero(substring(getSetting('log_comment'), 7));

ALTER TABLE gpu_stats
    ADD CONSTRAINT IF NOT EXISTS lease CHECK NOT startsWith(getSetting('log_comment'), 'lease ') OR (toUnixTimestamp(nowInBlock()) + 1) * 1000 <= toInt64OrZero(substring(getSetting('log_comment'), 7));

ALTER TABLE events
    ADD CONSTRAINT IF NOT EXISTS lease CHECK NOT startsWith(getSetting('log_comment'), 'lease ') OR (toUnixTimestamp(nowInBlock()) + 1) * 1000 <= toInt64OrZero(substring(getSetting('log_comment'), 7));

ALTER TABLE targets
    ADD CONSTRAINT IF NOT EXISTS lease CHECK NOT startsWith(getSetting('log_comment'), 'lease ') OR (toUnixTimestamp(nowInBlock()) + 1) * 1000 <= toInt64OrZero(substring(getSetting('log_comment'), 7));

-- The tokens of the last 20,000 blocks, 210 bytes of memory each. A server is given more when the
-- schema is brought up to date over HTTP: packages/storage/src/migrations/apply-windows.ts.
ALTER TABLE logs
    MODIFY SETTING non_replicated_deduplication_window = 20000;

ALTER TABLE log_ranges
    MODIFY SETTING non_replicated_deduplication_window = 20000;

ALTER TABLE container_stats
    MODIFY SETTING non_replicated_deduplication_window = 20000;

ALTER TABLE host_stats
    MODIFY SETTING non_replicated_deduplication_window = 20000;

ALTER TABLE filesystem_stats
    MODIFY SETTING non_replicated_deduplication_window = 20000;

ALTER TABLE collector_stats
    MODIFY SETTING non_replicated_deduplication_window = 20000;

ALTER TABLE gpu_stats
    MODIFY SETTING non_replicated_deduplication_window = 20000;

ALTER TABLE events
    MODIFY SETTING non_replicated_deduplication_window = 20000;

ALTER TABLE targets
    MODIFY SETTING non_replicated_deduplication_window = 20000;
