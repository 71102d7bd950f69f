"""Lists look at the newest places first, and find what they would find anywhere."""

import msgspec
import pytest

from onrecord.query import newest
from onrecord.query.filters import parse
from onrecord.query.results import PageRequest
from onrecord.query.syntax import EVERYTHING
from tests.contract.query_world import OURS, World, reader, said, step, trace_id

pytestmark = pytest.mark.chdb

_SPANS = 60
_FILTERS = ("", "status:error", "-status:error", "kind:llm OR status:error", "user:jan", "*ord*")


@pytest.fixture(scope="module")
def world(shared_world: World) -> World:
    """Sixty spans of twenty traces; the last ten are not yet in the signed ledger; two have a later part."""
    for number in range(_SPANS):
        shared_world.keep([
            step(
                number % 20 + 1, number + 1, kind="llm" if number % 7 == 0 else "chain",
                status="error" if number % 9 == 0 else "ok", user_id="jan" if number == 12 else "",
                input=(said("user", "a word" if number % 11 == 0 else "nothing"),),
            )
        ])  # fmt: skip
        if number == 49:
            shared_world.publish()
    for index in (9, 54):
        place = next(place for project, place in shared_world.spans if project == OURS.number and place.index == index)
        later = msgspec.structs.replace(shared_world.spans[OURS.number, place], status="ok", kind="chain")
        shared_world.revise(place, later, 1)
    return shared_world


def every_page(world: World, kind: str, filter_text: str) -> list[tuple[str, int]]:
    """Rows of all pages as (trace, place)."""
    where = parse(filter_text) if filter_text else EVERYTHING
    found: list[tuple[str, int]] = []
    after = ""
    while True:
        if kind == "traces":
            traces = world.engine.traces(reader(), OURS.id, where, PageRequest(limit=9, after=after))
            found += [(row.trace_id, row.index) for row in traces.rows]
            after = traces.next
        elif kind == "spans":
            spans = world.engine.spans(reader(), OURS.id, where, PageRequest(limit=9, after=after))
            found += [(row.trace_id, row.index) for row in spans.rows]
            after = spans.next
        else:
            hits = world.engine.search(reader(), OURS.id, where, PageRequest(limit=9, after=after))
            found += [(hit.span.trace_id, hit.span.index) for hit in hits.rows]
            after = hits.next
        if not after:
            return found


@pytest.mark.parametrize("kind", ["traces", "spans", "search"])
def test_where_a_list_looks_first_changes_nothing_in_what_it_finds(
    world: World, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(newest, "_RECENT", 10 * _SPANS)
    whole = {text: every_page(world, kind, text) for text in _FILTERS}
    assert len(whole[""]) == (20 if kind == "traces" else _SPANS)
    monkeypatch.setattr(newest, "_RECENT", 13)
    assert {text: every_page(world, kind, text) for text in _FILTERS} == whole


def test_a_full_page_of_the_newest_is_one_read_that_names_where_to_look(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(newest, "_RECENT", 20)
    world.statements.clear()
    rows = world.engine.spans(reader(), OURS.id, page=PageRequest(limit=5)).rows
    assert [row.index for row in rows] == [59, 58, 57, 56, 55]
    reads = [sql for sql in world.statements if "LIMIT 6" in sql]
    assert len(reads) == 1
    assert "idx > " in reads[0]


def test_what_an_index_leads_to_is_looked_for_everywhere_at_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(newest, "_RECENT", 20)
    world.statements.clear()
    rows = world.engine.spans(reader(), OURS.id, parse(f"trace:{trace_id(2)}"), PageRequest(limit=5)).rows
    assert [row.index for row in rows] == [41, 21, 1]
    reads = [sql for sql in world.statements if "LIMIT 6" in sql]
    assert len(reads) == 1
    assert "idx > " not in reads[0]


def test_the_tail_begins_after_the_newest_span_signed_or_not(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(newest, "_RECENT", 1)
    start = world.engine.tail(reader(), OURS.id)
    assert world.engine.tail(reader(), OURS.id, start.next).rows == ()
