"""Every bound of the server, each with its reason. Nothing in onrecord is unbounded."""

from typing import Final

# --- receiving -----------------------------------------------------------------------------------------------
BODY_BYTES: Final = 64 * 1024 * 1024
"""A request body after decompression. OpenTelemetry batches of 512 spans with long histories reach 20 MB."""
BODY_COMPRESSED_BYTES: Final = 64 * 1024 * 1024
"""A request body as sent: not less than the plain one, because some clients do not compress (Langfuse's, old ones).

Also bounds what one connection can make the server hold before it is decoded."""
INFLIGHT_BYTES: Final = 256 * 1024 * 1024
"""Bodies held in memory over all requests that are not yet acknowledged; beyond it the answer is 503."""
INFLIGHT_REQUESTS: Final = 512
"""Requests that wait for a commit at once; beyond it the answer is 503."""
BODY_SECONDS: Final = 60
"""How long a client may take to send one body: a trickle must not hold memory for ever."""
GZIP_MEMBERS: Final = 1_000
"""Members of one gzip body: an empty one costs 20 bytes to send and a turn of a loop to read."""
ZSTD_WINDOW_BYTES: Final = 8 * 1024 * 1024
"""The largest zstd window (RFC 9659): memory that a sender can make the decoder reserve."""
INLINE_BODY_BYTES: Final = 64 * 1024
"""Compressed bodies up to here are decompressed on the event loop: a thread switch would cost more."""
SPANS_PER_REQUEST: Final = 50_000
"""Spans in one request: OTLP exporters send 512, file imports send more."""
SPAN_BYTES: Final = 16 * 1024 * 1024
"""One span, encoded. A million-token context is about 5 MB of text."""
ATTRIBUTES_PER_SPAN: Final = 4_096
"""Attributes of one span, flattened message indices included (a 300-message history flattens to about 1,500)."""
ATTRIBUTE_DEPTH: Final = 64
"""Nesting of arrays and maps inside one attribute value; also of a JSON string that is parsed."""
ATTRIBUTE_KEY_BYTES: Final = 1_024
"""An attribute name."""
EVENTS_PER_SPAN: Final = 2_048
"""Events of one span: streaming instrumentors emit one per chunk."""
LINKS_PER_SPAN: Final = 1_024
"""Links of one span."""
MESSAGES_PER_SPAN: Final = 10_000
"""Messages of one call, input and output together: each is a slot of the record and a hash of its commitment."""
ID_BYTES: Final = 256
"""Ids and names of a score, and what a client calls itself. A span's own ids have 24 bytes on the wire, its user and
session become pseudonyms, and whatever else it names is bounded by SPAN_BYTES."""
DOCUMENT_BYTES: Final = 4 * 1024 * 1024
"""One document of the library (a prompt, a dataset item), before compression: Langfuse takes 4.5 MB a request."""

MEDIA_BYTES: Final = 32 * 1024 * 1024
"""One image, sound or document: as much as a body may have. It is sealed whole, in memory, in one row of the vault."""
MEDIA_COPIES: Final = 3
"""Copies of a medium that are in memory until it is durable (encoded, compressed, sealed): so much is accounted for."""

RATE_ADDRESS_BURST: Final = 60
"""Ratings at once from one address with one key that may only rate: an office behind one address after a meeting."""
RATE_ADDRESS_PER_S: Final = 1.0
"""Ratings a second of such an address after that: more than its people click, far less than a loop sends."""
RATE_KEY_BURST: Final = 1_000
"""Ratings at once with one such key, from anywhere."""
RATE_KEY_PER_S: Final = 50.0
"""Ratings a second of one such key after that: 4 million a day, a tenth of what the server takes."""
RATE_BUCKETS: Final = 20_000
"""Addresses, and keys, whose use is remembered, about 250 bytes each; the longest unused go first."""

# --- the gateway ---------------------------------------------------------------------------------------------
GATEWAY_BODY_BYTES: Final = 16 * 1024 * 1024
"""Bytes of a request or an answer that the record of a call keeps; every byte is passed on, whatever is kept."""
GATEWAY_INFLIGHT_BYTES: Final = 256 * 1024 * 1024
"""Bodies of calls under way: beyond it a new call is refused, and of a growing answer no more is kept."""
GATEWAY_CALLS: Final = 2_000
"""Calls under way at once: they last as long as a model thinks, so there are many more of them than of commits."""
GATEWAY_CONNECT_SECONDS: Final = 10
"""How long connecting to a provider may take, TLS included."""
GATEWAY_HEAD_BYTES: Final = 256 * 1024
"""The head of a provider's answer: providers send about two kilobytes."""
GATEWAY_READ_SECONDS: Final = 600
"""How long a provider may say nothing: the default of the providers' own clients."""
GATEWAY_DRAIN_SECONDS: Final = 120
"""How long an answer is read on after its client has left, so that its tokens are counted."""
GATEWAY_RECORD_SECONDS: Final = 10
"""How long an answer waits for its record; then the record has failed."""
GATEWAY_HOLD_SECONDS: Final = 1.0
"""How long the last event of a stream waits for the end of the stream, to be released with its record."""
GATEWAY_IDLE_SECONDS: Final = 15
"""How long an idle connection to a provider is kept: less than providers keep theirs, so that none closes in use."""
GATEWAY_MARKS: Final = 64
"""Pieces of an answer whose time of arrival is noted: the first token is among the first of them."""
GATEWAY_PROPERTIES: Final = 64
"""Properties of one call, as headers say them."""
GATEWAY_PROPERTY_CHARACTERS: Final = 1_000
"""One property."""

# --- the journal ---------------------------------------------------------------------------------------------
JOURNAL_FILE_BYTES: Final = 4 * 1024 * 1024
"""Size at which another file is begun: files are used again, so a few of them are all the disk that a journal takes."""
JOURNAL_PACE_SECONDS: Final = 0.1
"""From one delivery to the next while calls follow each other: recording many at once costs a third of one by one."""
JOURNAL_WAITING_BYTES: Final = 64 * 1024 * 1024
"""What is durable and not on the record yet, in memory as well: beyond it nothing is promised until there is less."""
JOURNAL_IDLE_SECONDS: Final = 1.0
"""How long a file whose entries are all on the record is kept for more of them."""
JOURNAL_BATCH: Final = 256
"""Entries in one delivery."""
JOURNAL_BATCH_BYTES: Final = 4 * 1024 * 1024
"""Bytes of such a delivery."""

# --- committing ----------------------------------------------------------------------------------------------
GROUP_RECORDS: Final = 4_000
"""Records in one transaction: one fsync for many requests, yet below 100 ms of work."""
GROUP_WAIT_MS: Final = 2
"""How long the commit thread waits for company when it has been idle: less than one fsync."""
DEAD_LETTERS: Final = 10_000
"""Dead letters kept; the oldest go first."""
DEAD_LETTER_DAYS: Final = 7
"""Days that a dead letter is kept, sealed, for somebody to look at."""

GAPS_PER_PRODUCER: Final = 256
"""Gaps of one producer that are told apart; older ones are only counted."""
GAP_HOURS: Final = 72
"""A gap that is older is written to the ledger: by then a laptop has come back from the weekend with its spool."""
GAP_CHECK_S: Final = 60
"""How often gaps are looked at for that."""
PRODUCERS_IN_MEMORY: Final = 10_000
"""Producers whose numbers the commit thread remembers; others are read again."""
PRODUCER_DAYS: Final = 400
"""A producer that has been silent for longer is not taken over into a new month; with it goes what it lacked."""
PRODUCERS_CARRIED: Final = 1_000_000
"""Producers taken over into a new month, about 100 bytes each; those seen last first."""

GC_ALLOCATIONS: Final = 50_000
"""Containers between two runs of the garbage collector: a request makes thousands, hardly any of them in a cycle."""

DATASET_EXAMPLES: Final = 10_000
"""Examples of one dataset, and its versions: the list of a version is one document."""
FRAME_SPANS: Final = 5_000
"""Spans of one data frame: each is read from the vault, and all stand in memory at once."""
HELD_SCORES: Final = 10_000
"""Scores of a project that wait for their span: a forgotten batch, not the feedback of a year."""

# --- projecting and querying ---------------------------------------------------------------------------------
BLOCK_ROWS: Final = 10_000
"""Rows in one insert into the store: half the CPU per row of 1,000-row blocks."""
BLOCK_WAIT_MS: Final = 700
"""The longest a row waits for its block to fill while the server is under load."""
BLOCK_BYTES: Final = 64 * 1024 * 1024
"""Bytes of one insert: what the projector holds in memory, a few times over, while the engine reads it."""
STORE_READERS: Final = 6
"""Queries in the store at once; further ones wait. Each runs on at most two threads of the engine."""
STORE_WRITERS: Final = 3
"""Inserts and statements at once: the projector, a rebuild, an erasure."""
STORE_WAIT_S: Final = 30
"""How long a call waits for a free connection, and a close for running calls."""
ERASE_SECONDS: Final = 300
"""How long an erasure waits until the store's old parts are gone from disk."""
SET_ASIDE_ROWS: Final = 10_000
"""Rows kept that the store refused, for somebody to look at; further ones are only counted."""
PAGE_ROWS: Final = 500
"""Rows on one page of an answer."""
MCP_BYTES: Final = 64 * 1024
"""A message of an agent: the name of a tool and a search line."""
EXPORT_ROWS: Final = 100
"""Steps with their content in one answer of an export; the next answer goes on."""
EXPORT_BYTES: Final = 16 * 1024 * 1024
"""Content in one answer of an export: beyond it the answer ends after the step that passed it."""
NARROWED_SPANS: Final = 2_000
"""Places that stand for a search in the further statements of its page: as a list they still cost less than looking."""
TRACE_SPANS: Final = 20_000
"""Spans of one trace that an answer carries; the rest is counted."""
EXPORT_SPANS: Final = 500
"""Steps of a trace whose content stands in one export: at 20 kB each, a file that a browser still opens at once."""
SQL_STATEMENTS: Final = 2
"""Statements of analysts at once: each may take one thread of the engine and ``SQL_BYTES``; a third is told to wait."""
SQL_SECONDS: Final = 15
"""One statement of an analyst: two of them are no burden for so long, and a large project can be read in it."""
SQL_BYTES: Final = 512 * 1024 * 1024
"""Memory of such a statement; a quarter of what a page's own query may take."""
SQL_CHARACTERS: Final = 20_000
"""Its text: ten printed pages."""
SQL_ROWS: Final = 1_000
"""Rows shown on a page or given as JSON; a person reads no more, and that there are more is said."""
SQL_FILE_ROWS: Final = 100_000
"""Rows of a file; a larger result is refused, because a file that ends early looks whole."""
SQL_RESULT_BYTES: Final = 64 * 1024 * 1024
"""Bytes of a result that becomes a file: it is held in memory twice while it is written."""
SQL_FILES: Final = 4
"""Files of results that are made or on their way at once, over everybody: each is ``SQL_RESULT_BYTES`` in memory."""
GIVING_SECONDS: Final = 300
"""How long a file may be on its way: 64 MB at 1.7 Mbit/s; a reader who takes nothing must not hold memory for ever."""
SQL_ANSWER_BYTES: Final = 16 * 1024 * 1024
"""Bytes of a result that is shown: each value becomes an object, which may take ten times as much."""
SQL_ROW_BYTES: Final = 4 * 1024 * 1024
"""One row of a result as text: the longest input and output of a step, thirty times over."""
SQL_BURST: Final = 60
"""Statements of one person at once: whoever tries things out, or opens what a script of theirs asks."""
SQL_PER_S: Final = 2.0
"""Statements a second of one person after that: each is an entry for ever, with up to ``SQL_CHARACTERS`` of text."""
SQL_ATTEMPT_SECONDS: Final = 60
"""So often an entry says how many statements of one person were turned away."""
SQL_ATTEMPTS: Final = 1_000
"""People and reasons of which that is counted at once."""
SQL_CELL_CHARACTERS: Final = 400
"""One value on a page; a file holds the whole."""
SQL_SAVED: Final = 50
"""Statements that one person keeps under a name."""
QUERY_SECONDS: Final = 30
"""One query in the store."""
QUERY_ROWS: Final = 100_000
"""Rows that one query may answer: a trace, a page and a chart need far fewer."""
QUERY_BYTES: Final = 2 * 1024 * 1024 * 1024
"""Memory of one query in the store."""
PREVIEW_CHARACTERS: Final = 200
"""Input and output previews in lists."""
STORE_TEXT_CHARACTERS: Final = 100_000
"""Searchable text of one side of a span; beyond it the vault still has everything."""
STORE_VALUES: Final = 256
"""Entries of one map of a row (attributes, metadata, resource): more can not be filtered by."""
STORE_VALUE_CHARACTERS: Final = 1_000
"""One value in a map of a row: longer ones are text, not something to filter by."""
SESSION_SECONDS: Final = 24 * 3_600
"""A web login ends after a day, used or not."""
LOGIN_LINK_SECONDS: Final = 3_600
"""A one-time login link that was not used by then is worth nothing."""
LOGIN_ATTEMPTS: Final = 10
"""Failed logins per account and per peer in LOGIN_WINDOW_S."""
LOGIN_WINDOW_S: Final = 300
"""See LOGIN_ATTEMPTS."""

# --- ledger --------------------------------------------------------------------------------------------------
ENTRY_BYTES: Final = 4_096
"""The largest entry (C2SP tlog-tiles allows 65,535)."""
CHECKPOINT_INTERVAL_MS: Final = 200
"""How often the sequencer signs while entries arrive; the promise is one second after the acknowledgement."""
HEARTBEAT_S: Final = 3_600
"""An idle ledger says so once in this time."""

SELFTEST_SECONDS: Final = 1_800
"""A self-test that a page started is ended then; a larger archive is verified with the command line."""
SELFTEST_FINDINGS: Final = 20
"""Findings of a self-test that are kept in words, as many as ``onrecord verify`` prints; the others are counted."""
STORAGE_SECONDS: Final = 2
"""How long the storage page counts; what is not counted by then is unknown."""
HEARTBEAT_ENTRIES: Final = 256
"""Newest entries among which the last heartbeat is looked for: one full tile."""

# --- joining -------------------------------------------------------------------------------------------------
LONE_PART_SECONDS: Final = 600
"""How long what names only a model's response waits unseen for its span; exporters send within seconds, or retry."""

# --- stopping ------------------------------------------------------------------------------------------------
DRAIN_SECONDS: Final = 30
"""How long a stop waits for the ledger and the store to catch up. Nothing is lost beyond it: the spool is on disk."""

# --- client --------------------------------------------------------------------------------------------------
CLIENT_QUEUE_RECORDS: Final = 8_192
"""Records of an application that wait in its memory for the spool; what comes beyond it is dropped and declared."""
CLIENT_QUEUE_BYTES: Final = 64 * 1024 * 1024
"""Text of those records, as far as it is counted: a thousand long conversations must not fill the memory."""
CLIENT_BATCH_RECORDS: Final = 512
"""Records in one file of a client's spool, as many as OpenTelemetry's exporters put into a request."""
CLIENT_BATCH_BYTES: Final = 4 * 1024 * 1024
"""Encoded records in one file of a spool: what a process holds twice while it seals and sends them."""
CLIENT_RECORD_BYTES: Final = 15 * 1024 * 1024
"""One record, encoded; a larger one would be refused (``SPAN_BYTES``)."""
CLIENT_VALUE_BYTES: Final = 1024 * 1024
"""One captured argument list or result: a caller must not wait while a data set is written as text."""
CLIENT_ITEMS: Final = 10_000
"""Items of a generator that are captured; the rest is counted."""
CLIENT_SPOOL_BYTES: Final = 256 * 1024 * 1024
"""The spool of one machine's processes: about 300,000 short calls while the server is away."""
CLIENT_GATHER_S: Final = 0.05
"""How long records wait in memory for company: what a killed process can lose, all of it declared afterwards."""
CLIENT_SEND_S: Final = 10
"""How long one request may take: the server answers in milliseconds, a network that is down never does."""
CLIENT_BACKOFF_S: Final = (0.5, 30.0)
"""The first and the longest wait between attempts."""
CLIENT_RETRY_AFTER_S: Final = 600
"""The longest Retry-After that is believed."""
CLIENT_EXIT_S: Final = 2
"""How long the end of a process may wait for the server; what is not acknowledged by then stays in the spool."""
CLIENT_ADOPT_S: Final = 15
"""How often a process looks for spools whose process has ended."""
CLIENT_SAMPLING_S: Final = 60
"""How often records left out by the sample rate are declared."""
CLIENT_ASIDE_FILES: Final = 100
"""Refused batches kept, sealed, for somebody to look at; the oldest go first."""
