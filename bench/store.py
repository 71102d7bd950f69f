"""Measure the store: ``python -m bench.store [--rows 100000] [--seed 1] [--block-rows 10000]``.

Fills a fresh chDB directory with realistic rows (seeded) through the real row, writer and schema, then prints CPU per
row of building and inserting, bytes per row on disk, and the latencies of the queries that the README promises.
"""

import argparse
import random
import resource
import statistics
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from msgspec.structs import replace

from onrecord.limits import BLOCK_ROWS
from onrecord.model.message import Message, Part
from onrecord.model.record import Place, RecordFacts
from onrecord.model.span import Document, Error, Scope, Source, Span, ToolCall, Usage
from onrecord.model.time import SystemClock
from onrecord.store.client import Store
from onrecord.store.migrate import open_store
from onrecord.store.read import select
from onrecord.store.row import span_line, stamp
from onrecord.store.writer import Writer

MODELS = (("openai", "gpt-4o-mini-2024-07-18"), ("openai", "gpt-4o-2024-08-06"), ("anthropic", "claude-sonnet-4"),
          ("anthropic", "claude-haiku-4"), ("google", "gemini-2.5-flash"), ("vllm", "llama-3.3-70b"))  # fmt: skip
SHAPES = ("agent", "llm", "tool", "llm", "retriever", "llm", "chain", "span")
START_NS = 1_795_000_000_000_000_000
RARE = "quetzalcoatl"
RESOURCE = {"telemetry.sdk.language": "python", "telemetry.sdk.name": "opentelemetry", "telemetry.sdk.version": "1.37"}


class Words:
    """A language of invented words with the frequencies of a real one (Zipf)."""

    def __init__(self, rng: random.Random, size: int = 20_000) -> None:
        syllables = [a + b for a in "bcdfghklmnprstvwz" for b in ("a", "e", "i", "o", "u", "an", "er", "in", "st")]
        self._rng = rng
        self._words = ["".join(rng.choices(syllables, k=rng.choice((1, 2, 2, 3, 3, 4)))) for _ in range(size)]
        total, cumulative = 0.0, []
        for rank in range(size):
            total += 1 / (rank + 8)
            cumulative.append(total)
        self._cumulative = cumulative

    def text(self, mean: int) -> str:
        """About ``mean`` characters."""
        count = max(3, int(self._rng.expovariate(1) * mean / 7))
        return " ".join(self._rng.choices(self._words, cum_weights=self._cumulative, k=min(count, 4_000)))


def spans(seed: int) -> Iterator[Span]:
    """An endless stream of traces of 8 spans, as the store sees them: newest turn and answer, pseudonymised."""
    rng = random.Random(seed)
    words = Words(rng)
    number = 0
    while True:
        trace = f"{rng.getrandbits(128):032x}"
        user = f"usr_{rng.randrange(5_000):012x}" if rng.random() < 0.8 else ""
        named_once = rng.random() < 0.33
        session = f"ses_{rng.randrange(20_000):012x}" if rng.random() < 0.5 else ""
        ids = [f"{rng.getrandbits(64):016x}" for _ in SHAPES]
        start = START_NS + number * 40_000_000
        for position, kind in enumerate(SHAPES):
            who = user if position == 0 or not named_once else ""
            yield span(rng, words, trace, ids, position, kind, who, session, start)
            number += 1


def span(
    rng: random.Random, words: Words, trace: str, ids: list[str], position: int, kind: str, user: str, session: str,
    start: int,
) -> Span:  # fmt: skip
    provider, model = rng.choice(MODELS) if kind == "llm" else ("", "")
    question = words.text(700) + (f" {RARE}" if rng.random() < 0.0005 else "")
    answer = words.text(700)
    failed = rng.random() < 0.03
    begin = start + position * 1_000_000 + rng.randrange(900_000)
    return Span(
        trace_id=trace,
        span_id=ids[position],
        parent_id=ids[max(0, (position - 1) // 2)] if position else "",
        name={"llm": "ChatCompletion", "agent": "support-agent", "tool": "lookup_order"}.get(kind, f"{kind}-step"),
        kind=kind,
        otel_kind=3 if kind == "llm" else 1,
        start_unix_nano=begin,
        end_unix_nano=begin + int(rng.lognormvariate(20.3, 1)),
        status="error" if failed else "ok",
        user_id=user,
        session_id=session,
        application=rng.choice(("support", "search", "copilot")),
        environment="production",
        release="1.4.2",
        input=(Message("user", (Part(text=question),)),) if kind in ("llm", "agent", "chain") else (),
        output=(Message("assistant", (Part(text=answer),)),) if kind in ("llm", "agent", "chain") else (),
        provider=provider,
        model_requested=model.rsplit("-2024", 1)[0],
        model_served=model,
        endpoint="https://api.example.com/v1/chat/completions" if model else "",
        response_id=f"chatcmpl-{rng.getrandbits(96):024x}" if model else "",
        parameters={"temperature": rng.choice((0, 0.2, 0.7)), "max_tokens": 1024} if model else {},
        finish_reasons=("stop",) if model else (),
        time_to_first_token_ms=rng.random() * 900 if model else None,
        usage=Usage(input=rng.randrange(6_000), output=rng.randrange(900), cache_read=0) if model else Usage(),
        error=Error(type="RateLimitError", message="rate limit reached", http_status=429) if failed else None,
        tool=ToolCall(name="lookup_order", arguments={"order": rng.randrange(10**6)}, result=words.text(200))
        if kind == "tool"
        else None,
        query=question[:200] if kind == "retriever" else "",
        documents=tuple(Document(id=str(rng.randrange(10**5)), content=words.text(300)) for _ in range(3))
        if kind == "retriever"
        else (),
        tags=("beta",) if rng.random() < 0.1 else (),
        metadata={"customer_tier": rng.choice(("free", "pro")), "region": rng.choice(("eu", "us"))},
        attributes={"http.route": "/chat", "llm.is_streaming": bool(model), "thread.id": rng.randrange(40)},
        resource=RESOURCE,
        scope=Scope(name="openinference.instrumentation.openai"),
        source=Source(receiver="otlp", dialect="openinference", sdk="opentelemetry", sdk_version="1.37"),
    )


def lines(seed: int) -> Iterator[bytes]:
    """Stamped rows, a record a row, received in order of time."""
    for index, one in enumerate(spans(seed)):
        facts = RecordFacts(
            project="0123456789abcdef", record_id=f"{random.getrandbits(128):022x}"[:22], kind="span",
            received_us=START_NS // 1_000 + index * 40, mode="full", retention="standard",
        )  # fmt: skip
        yield stamp(
            span_line(one, facts, (), "pv_abcdefghijkl" if one.kind == "llm" else ""),
            Place(2026, index),
            0,
            facts.received_us,
        )


def cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def memory_mb(field: str) -> int:
    return int(Path("/proc/self/status").read_text().split(f"{field}:")[1].split()[0]) // 1024


def fill(store: Store, rows: int, seed: int, block_rows: int) -> None:
    """Insert blocks and print what building and inserting a row costs, merges included."""
    writer, stream = Writer(store, SystemClock()), lines(seed)
    generating = inserting = merging = 0.0
    for number in range(0, rows, block_rows):
        began = cpu_s()
        block = list(islice(stream, min(block_rows, rows - number)))
        middle = cpu_s()
        writer.insert("spans", block, f"bench-{number}")
        generating, inserting = generating + middle - began, inserting + cpu_s() - middle
    began = cpu_s()
    while store.query("SELECT count() FROM system.merges").result_rows[0][0]:
        time.sleep(0.2)
    merging = cpu_s() - began
    print(f"insert            {inserting / rows * 1e6:8.1f} us CPU per row ({block_rows} rows a block)")
    print(f"merges after it   {merging / rows * 1e6:8.1f} us CPU per row")


def build(seed: int) -> None:
    """Print what building the line of a row costs."""
    some = list(islice(spans(seed), 8_000))
    facts = RecordFacts(project="0123456789abcdef", record_id="r" * 22, kind="span", received_us=1, mode="full",
                        retention="standard")  # fmt: skip
    began = cpu_s()
    size = sum(len(stamp(span_line(one, facts, (), ""), Place(2026, 1), 0, 1)) for one in some)
    print(f"span_line + stamp {(cpu_s() - began) / len(some) * 1e6:8.1f} us CPU per row, {size / len(some):.0f} bytes")


def sizes(store: Store) -> None:
    """Print bytes per row on disk, by table and for the largest columns."""
    parts = "FROM system.parts WHERE active AND database = {d:String}"
    d = {"d": store.database}
    rows = store.query("SELECT count() FROM spans").result_rows[0][0]
    for table, size, count in store.query(
        f"SELECT table, sum(bytes_on_disk) AS size, count() {parts} GROUP BY table ORDER BY size DESC", d
    ).result_rows:
        print(f"{table:17} {size / rows:8.1f} bytes per span in {count} parts")
    column = (
        "SELECT name, data_compressed_bytes AS size FROM system.columns WHERE database = {d:String} AND table = 'spans'"
    )
    index = "SELECT name, data_compressed_bytes AS size FROM system.data_skipping_indices WHERE database = {d:String}"
    both = f"SELECT * FROM ({column} UNION ALL {index}) ORDER BY size DESC LIMIT 10"
    for name, size in store.query(both, d).result_rows:
        print(f"    {name:20} {size / rows:8.1f}")


def questions(trace: str) -> dict[str, str]:
    """The questions of the README's table, as the store is asked them."""
    mine = "FROM spans FINAL WHERE project = '0123456789abcdef'"
    newest = "ORDER BY shard DESC, idx DESC LIMIT 50"
    shown = (
        "shard, idx, trace_id, span_id, name, kind, status, start_us, duration_us, model, user, session, "
        "tokens_input, tokens_output, input_preview, output_preview"
    )
    user = "SELECT trace_id FROM trace_names WHERE project = '0123456789abcdef' AND field = 'user' AND value = 'usr_{}'"
    word = f"(hasAllTokens(input_text, '{RARE}') OR hasAllTokens(output_text, '{RARE}'))"
    part = f"(input_text ILIKE '%{RARE[2:9]}%' OR output_text ILIKE '%{RARE[2:9]}%')"
    return {
        "newest 50 spans": f"SELECT {shown} {mine} {newest}",
        "newest 50 roots": f"SELECT {shown} {mine} AND is_root {newest}",
        "filter by user": f"SELECT {shown} {mine} AND trace_id IN ({user.format('000000000123')}) {newest}",
        "rare word": f"SELECT {shown} {mine} AND {word} {newest}",
        "rare substring": f"SELECT {shown} {mine} AND {part} {newest}",
        "tokens per model": f"SELECT model, sum(tokens_input), sum(tokens_output), count() {mine} GROUP BY model",
        "10,000-span trace": f"SELECT {shown} {mine} AND trace_id = '{trace}'",
    }


def ask(store: Store, rows: int) -> None:
    """Print the latency of each question: first time, median and CPU."""
    trace = "f" * 32
    long = [replace(one, trace_id=trace) for one in islice(spans(99), 10_000)]
    facts = RecordFacts(project="0123456789abcdef", record_id="r", kind="span", received_us=1, mode="full",
                        retention="standard")  # fmt: skip
    block = [
        stamp(span_line(one, facts, (), ""), Place(2026, rows + n), 0, START_NS // 1_000) for n, one in enumerate(long)
    ]
    Writer(store, SystemClock()).insert("spans", block, "long")
    for name, sql in questions(trace).items():
        took, used, found = [], [], 0
        for _ in range(9):
            began, cpu = time.perf_counter(), cpu_s()
            found = len(select(store, sql, settings={"use_query_condition_cache": 0}).rows)
            took.append((time.perf_counter() - began) * 1e3)
            used.append((cpu_s() - cpu) * 1e3)
        print(f"{name:17} first {took[0]:7.1f} ms, median {statistics.median(took):7.1f} ms, "
              f"CPU {statistics.median(used):7.1f} ms, {found} rows")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--block-rows", type=int, default=BLOCK_ROWS)
    arguments = parser.parse_args()
    build(arguments.seed)
    with tempfile.TemporaryDirectory() as directory:
        began = time.perf_counter()
        store = open_store(f"chdb://{directory}/store")
        print(f"opened in         {time.perf_counter() - began:8.2f} s, {memory_mb('VmRSS')} MB resident")
        fill(store, arguments.rows, arguments.seed, arguments.block_rows)
        sizes(store)
        ask(store, arguments.rows)
        print(f"memory            {memory_mb('VmRSS'):8} MB resident, {memory_mb('VmHWM')} MB at most")
        store.close()


if __name__ == "__main__":
    main()
