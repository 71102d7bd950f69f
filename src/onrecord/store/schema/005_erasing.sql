-- What is being erased now, record by record. Filled before rows are deleted, emptied when none is left.
CREATE TABLE IF NOT EXISTS erasing
(
    project String,
    shard   UInt16,
    idx     UInt64
)
ENGINE = MergeTree
PARTITION BY project
ORDER BY (project, shard, idx)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, old_parts_lifetime = 1;
