"""Measure what the dashboard asks: ``python -m bench.figures [--rows 100000] [--seed 1]``.

Fills a fresh chDB directory as ``bench.store`` does, spread over 30 days, and asks the query functions of the charts,
users and prompts over everything: median of wall and processor time, without HTTP and without the engine's caches.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import msgspec

from bench.store import START_NS, cpu_s, spans
from onrecord.model.access import Access, Level
from onrecord.model.project import Project
from onrecord.model.record import Place, RecordFacts
from onrecord.model.time import SystemClock
from onrecord.query import charts, people, prompts
from onrecord.query.scope import enter
from onrecord.query.syntax import EVERYTHING
from onrecord.store.migrate import open_store
from onrecord.store.read import select
from onrecord.store.row import span_line, stamp
from onrecord.store.writer import Writer

PROJECT = Project(id="0123456789abcdef", number=1, name="bench")
DAYS_US = 30 * 86_400_000_000
TIMES = 9


def lines(seed: int, rows: int) -> Iterator[bytes]:
    """Stamped rows over 30 days, each received two seconds after it began; 20 versions of a prompt."""
    for index, one in enumerate(islice(spans(seed), rows)):
        received_us = START_NS // 1_000 + index * DAYS_US // rows
        facts = RecordFacts(
            project=PROJECT.id, record_id=f"r{index}", kind="span", received_us=received_us, mode="full",
            retention="standard",
        )  # fmt: skip
        version = f"pv_{index // 8 % 20:012}" if one.kind == "llm" else ""
        moved = (received_us - 2_000_000) * 1_000 - one.start_unix_nano
        began = msgspec.structs.replace(
            one, start_unix_nano=one.start_unix_nano + moved, end_unix_nano=one.end_unix_nano + moved
        )
        yield stamp(span_line(began, facts, (), version), Place(2026, index), 0, received_us)


def timed(name: str, ask: Callable[[], object]) -> None:
    """Print the median of ``TIMES`` answers."""
    took, used = [], []
    for _ in range(TIMES):
        began, cpu = time.perf_counter(), cpu_s()
        ask()
        took.append((time.perf_counter() - began) * 1e3)
        used.append((cpu_s() - cpu) * 1e3)
    print(f"{name:22} median {statistics.median(took):7.1f} ms, CPU {statistics.median(used):7.1f} ms")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        store = open_store(f"chdb://{directory}/store")
        writer, stream = Writer(store, SystemClock()), lines(arguments.seed, arguments.rows)
        for number in range(0, arguments.rows, 10_000):
            writer.insert("spans", list(islice(stream, 10_000)), f"bench-{number}")

        def rows(sql: str, values: Mapping[str, Any]) -> Sequence[Sequence[Any]]:
            return select(store, sql, values, {"use_query_condition_cache": 0}).rows

        access = Access(actor="bench", projects=frozenset((PROJECT.id,)), level=Level.PSEUDONYMISED)
        view = enter(rows, {PROJECT.id: PROJECT}.get, access, PROJECT.id)
        until_us = START_NS // 1_000 + DAYS_US
        for by in charts.DIMENSIONS:
            timed(f"charts by {by}", lambda by=by: charts.charts(view, by, EVERYTHING, 0, until_us))  # type: ignore[misc]
        timed("50 users", lambda: people.users(view, EVERYTHING, None, 50))
        timed("50 prompts", lambda: prompts.prompts(view, EVERYTHING, None, 50))
        store.close()


if __name__ == "__main__":
    main()
