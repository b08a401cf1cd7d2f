-- A query over minutes must not read a day. The key of these tables has the hour before the container,
-- but as long as `time` itself is in the key, a condition on `time` is held against that last column
-- alone and the hour excludes nothing. Rows are in order of their hour all the same, so the least and
-- the greatest time of a granule lie within one: 16 bytes a granule, for every query, ad-hoc SQL too.
-- Merges build it; what was inserted in the last minutes is in parts that span only minutes.

ALTER TABLE logs
    ADD INDEX IF NOT EXISTS time_range time TYPE minmax GRANULARITY 1;

ALTER TABLE container_stats
    ADD INDEX IF NOT EXISTS time_range time TYPE minmax GRANULARITY 1;
