"""Measure the store: ``python -m bench.store [--rows 100000] [--seed 1] [--directory DIR]``.

Fills a fresh chDB directory with realistic rows (seeded) through the real row, writer and schema, then prints CPU per
row of building and inserting, bytes per row on disk, and the latencies of the queries that the README promises.
"""

import argparse
import os
import random
import resource
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

from onrecord.limits import BLOCK_ROWS
from onrecord.model.message import Message, Part
from onrecord.model.record import Place, RecordFacts
from onrecord.model.span import Document, Error, Scope, Source, Span, ToolCall, Usage
from onrecord.store.row import span_line, stamp

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
        self._weights = [sum(1 / (i + 10) for i in range(k + 1)) for k in range(1)]
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
        yield stamp(span_line(one, facts, (), "pv_abcdefghijkl" if one.kind == "llm" else ""), Place(2026, index), 0, facts.received_us)
