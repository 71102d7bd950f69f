-- One row per judgement. The same client id again is a further row: the newest place wins when read (scores_current).
CREATE TABLE IF NOT EXISTS scores
(
    project     LowCardinality(String),
    shard       UInt16,
    idx         UInt64 CODEC(Delta, ZSTD(1)),
    ordinal     UInt16,
    revision    UInt32,
    record_id   String,
    received_us Int64 CODEC(Delta, ZSTD(1)),
    retention   LowCardinality(String),
    mode        LowCardinality(String),
    score_id    String,
    name        LowCardinality(String),
    value       Nullable(Float64),
    label       LowCardinality(String),
    passed      Nullable(Bool),
    comment     String,
    source      LowCardinality(String),
    author      String,
    trace_id    String,
    span_id     String,
    response_id String,
    session     String,
    time_us     Int64 DEFAULT received_us CODEC(Delta, ZSTD(1)),
    metadata    Map(LowCardinality(String), String),
    INDEX by_trace trace_id TYPE bloom_filter(0.001)
)
ENGINE = ReplacingMergeTree(revision)
PARTITION BY (retention, toYYYYMM(fromUnixTimestamp64Micro(received_us, 'UTC')))
ORDER BY (project, shard, idx, ordinal)
SETTINGS default_compression_codec = 'ZSTD(1)', non_replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1, old_parts_lifetime = 1,
    min_rows_to_fsync_after_merge = 1;
