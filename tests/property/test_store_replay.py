"""Whatever dies when, and however often a block comes again: each row is in the store once, in its newest revision."""

import secrets
import tempfile
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from onrecord.model.time import FixedClock
from onrecord.store.client import Store
from onrecord.store.projector import Projector
from onrecord.store.writer import Writer
from tests.contract.store_rows import Spool, line

pytestmark = pytest.mark.chdb
TABLES = ("spans", "scores", "trace_names", "set_aside")
USERS = ("usr_a", "usr_b", "")

row = st.tuples(st.integers(0, 5), st.integers(0, 2), st.sampled_from(USERS))
"""Index, revision, user."""
group = st.lists(row, max_size=4)
step = st.one_of(group, st.sampled_from(["store.journal-written", "store.inserted", "restart", "insert"]))


class Died(Exception):
    """The process ended here."""


def run(spool: Spool, store: Store, journal: Path, steps: list[object]) -> list[tuple[int, int, str]]:
    """Play the steps and return every row that was committed."""
    committed: list[tuple[int, int, str]] = []
    deaths: list[str] = []

    def crash_point(name: str) -> None:
        if name in deaths:
            deaths.remove(name)
            raise Died

    def start() -> Projector:
        return Projector(spool, Writer(store, FixedClock(1)), journal, crash_point=crash_point)

    projector = start()
    for one in [*steps, "insert", "insert"]:
        if isinstance(one, list):
            committed += one
            spool.add(*(line(index, revision=revision, user_id=user) for index, revision, user in one))
            continue
        if isinstance(one, str) and one.startswith("store."):
            deaths.append(one)
        try:
            projector._next_insert = 0.0
            if one == "restart":
                projector = start()
            else:
                projector.step()
        except Died:
            projector = start()
    deaths.clear()
    while projector.position < (spool.groups[-1].id if spool.groups else 0):
        projector._next_insert = 0.0
        projector.step()
    return committed


@given(st.lists(step, max_size=12))
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_committed_row_is_in_the_store_exactly_once(store: Store, steps: list[object]) -> None:
    for table in TABLES:
        store.command(f"TRUNCATE TABLE {table} SYNC")
    with tempfile.TemporaryDirectory() as directory:
        committed = run(Spool(), store, Path(directory) / "projector.json", steps)
    newest: dict[int, int] = {}
    for index, revision, _ in committed:
        newest[index] = max(revision, newest.get(index, 0))
    shown = store.query("SELECT idx, revision FROM spans FINAL ORDER BY idx").result_rows
    assert shown == sorted(newest.items())
    named = Counter((user, f"{index // 2:032x}") for index, _, user in committed if user)
    pairs = store.query("SELECT DISTINCT value, trace_id FROM trace_names ORDER BY value, trace_id").result_rows
    assert pairs == sorted(named)


@given(st.lists(row, min_size=1, max_size=8, unique_by=lambda one: (one[0], one[1])), st.integers(1, 3))
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_same_block_again_adds_no_row_to_any_table(
    store: Store, rows: list[tuple[int, int, str]], again: int
) -> None:
    for table in TABLES:
        store.command(f"TRUNCATE TABLE {table} SYNC")
    block = [line(index, revision=revision, user_id=user) for index, revision, user in rows]
    block.append(b'{"project":"p","idx":"none"}')
    writer, token, counts = Writer(store, FixedClock(1)), secrets.token_hex(), []
    for _ in range(again + 1):
        assert writer.insert("spans", block, token) == 1
        counts.append([store.query(f"SELECT count() FROM {table}").result_rows for table in TABLES])
    assert counts[1:] == counts[:-1]
    shown = store.query("SELECT count() FROM spans FINAL").result_rows
    assert shown == [(len({index for index, _, _ in rows}),)]
