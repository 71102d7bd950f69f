-- One row per span: its newest revision wins. See docs/format/rows.md.
-- The sort key is the span's identity (the place of its first record), so a later revision replaces an earlier one even
-- when its start or its text differ. Places grow with time of receipt: newest-first lists read the key backwards.
CREATE TABLE IF NOT EXISTS spans
(
    -- where the first record of the span stands, and which revision this row is
    project            LowCardinality(String),
    shard              UInt16,
    idx                UInt64 CODEC(Delta, ZSTD(1)),
    revision           UInt32,
    record_id          String,
    received_us        Int64 CODEC(Delta, ZSTD(1)),
    retention          LowCardinality(String),
    mode               LowCardinality(String),

    -- what step it was
    trace_id           String,
    span_id            String,
    parent_id          String,
    is_root            Bool,
    name               LowCardinality(String),
    kind               LowCardinality(String),
    otel_kind          UInt8,
    running            Bool,
    start_us           Int64 CODEC(Delta, ZSTD(1)),
    end_us             Int64 CODEC(Delta, ZSTD(1)),
    duration_us        Nullable(Int64),
    status             LowCardinality(String),
    status_message     String,

    -- who and where
    user               String,
    session            String,
    tenant             String,
    application        LowCardinality(String),
    environment        LowCardinality(String),
    release            LowCardinality(String),

    -- the call
    provider           LowCardinality(String),
    model_requested    LowCardinality(String),
    model_served       LowCardinality(String),
    model              LowCardinality(String) ALIAS if(model_served != '', model_served, model_requested),
    endpoint           LowCardinality(String),
    response_id        String,
    parameters         Map(LowCardinality(String), String),
    finish_reasons     Array(LowCardinality(String)),
    time_to_first_token_ms Nullable(Float32),
    tokens_per_second  Nullable(Float32),
    tokens_input       Nullable(UInt32),
    tokens_output      Nullable(UInt32),
    tokens_cache_read  Nullable(UInt32),
    tokens_cache_write Nullable(UInt32),
    tokens_reasoning   Nullable(UInt32),
    tokens_audio_input Nullable(UInt32),
    tokens_audio_output Nullable(UInt32),
    tokens_total       Nullable(UInt32),
    usage_estimated    Bool,
    usage_aggregate    Bool,
    usage_details      Map(LowCardinality(String), String),
    cost_reported      Nullable(Float64),
    cost_currency      LowCardinality(String),
    error_type         LowCardinality(String),
    error_message      String,
    error_stack        String,
    http_status        Nullable(UInt16),
    retry_count        Nullable(UInt16),
    request_id         String,

    -- the step in its application
    agent              LowCardinality(String),
    workflow           LowCardinality(String),
    tool               LowCardinality(String),
    tool_call_id       String,
    prompt_name        LowCardinality(String),
    prompt_label       LowCardinality(String),
    prompt_variant     LowCardinality(String),
    prompt_version     LowCardinality(String),
    document_ids       Array(String),
    rating             Nullable(Float32),
    validation         LowCardinality(String),
    validator          LowCardinality(String),
    tags               Array(LowCardinality(String)),
    metadata           Map(LowCardinality(String), String),
    attributes         Map(LowCardinality(String), String),
    resource           Map(LowCardinality(String), String),

    -- content, pseudonymised: the newest turn and the answer; previews for lists, so that no list reads bodies
    input_text         String,
    output_text        String,
    input_preview      String,
    output_preview     String,
    input_messages     UInt16,
    output_messages    UInt16,
    found              Array(LowCardinality(String)),

    -- how it arrived
    receiver           LowCardinality(String),
    dialect            LowCardinality(String),
    sdk                LowCardinality(String),
    sdk_version        LowCardinality(String),
    language           LowCardinality(String),
    scope              LowCardinality(String),
    events             UInt16,
    links              UInt16,

    INDEX input_words input_text TYPE text(tokenizer = splitByNonAlpha, preprocessor = lowerUTF8(input_text)),
    INDEX output_words output_text TYPE text(tokenizer = splitByNonAlpha, preprocessor = lowerUTF8(output_text)),
    INDEX by_trace trace_id TYPE bloom_filter(0.00001),
    INDEX by_session session TYPE bloom_filter(0.0001)
)
ENGINE = ReplacingMergeTree(revision)
PARTITION BY (retention, toYYYYMM(fromUnixTimestamp64Micro(received_us, 'UTC')))
ORDER BY (project, shard, idx)
SETTINGS
    -- Measured (docs/adr/0020, 0021, 0025): small granules, compact parts until they are large, ZSTD for every column.
    index_granularity = 512, min_compress_block_size = 8192, min_bytes_for_wide_part = 20971520, default_compression_codec = 'ZSTD(1)',
    text_index_posting_list_codec = 'bitpacking', non_replicated_deduplication_window = 1000,
    fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1, old_parts_lifetime = 1;
