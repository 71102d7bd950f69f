-- Which traces a user, session or tenant is named in, by any of their spans: a filter by user finds the whole trace.
-- Fed by the same inserts as spans. A row that a revision no longer bears out stays until it is rebuilt or deleted.
CREATE TABLE IF NOT EXISTS trace_names
(
    project     LowCardinality(String),
    field       LowCardinality(String),
    value       String,
    trace_id    String,
    received_us SimpleAggregateFunction(max, Int64),
    retention   LowCardinality(String),
    month       UInt32
)
ENGINE = AggregatingMergeTree
PARTITION BY (retention, month)
ORDER BY (project, field, value, trace_id)
SETTINGS default_compression_codec = 'ZSTD(1)', non_replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1, old_parts_lifetime = 1,
    min_rows_to_fsync_after_merge = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS trace_names_feed TO trace_names AS
SELECT
    project, pair.1 AS field, pair.2 AS value, trace_id, max(received_us) AS received_us, retention,
    toYYYYMM(fromUnixTimestamp64Micro(spans.received_us, 'UTC')) AS month
FROM spans
ARRAY JOIN [('user', user), ('session', session), ('tenant', tenant)] AS pair
WHERE pair.2 != ''
GROUP BY project, field, value, trace_id, retention, month;
