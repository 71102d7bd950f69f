-- Rows that the store refused: counted always, kept while there are few. Mended by a rebuild with code that knows better.
CREATE TABLE IF NOT EXISTS set_aside
(
    noted_us  Int64,
    table     LowCardinality(String),
    code      Int32,
    project   String,
    shard     UInt16,
    idx       UInt64,
    revision  UInt32,
    retention String,
    trace_id  String,
    line      String
)
ENGINE = MergeTree
PARTITION BY project
ORDER BY (project, shard, idx)
SETTINGS default_compression_codec = 'ZSTD(1)', non_replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1,
    old_parts_lifetime = 1, min_rows_to_fsync_after_merge = 1;
