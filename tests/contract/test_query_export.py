"""An export: every step that fits with its content at the reader's level; exact pages are on the record."""

import msgspec
import pytest

from onrecord.errors import Denied, Rejected, Unavailable
from onrecord.model.access import Level
from onrecord.model.score import Score
from onrecord.query import exports
from onrecord.query.filters import Compare
from onrecord.query.results import PageRequest, SpanDetail
from tests.contract.query_world import OURS, World, reader, said, span_id, step, trace_id

pytestmark = pytest.mark.chdb
MAIL = "jan.jansen@example.com"


def talk(number: int) -> tuple[object, ...]:
    return (said("user", f"number {number} of {MAIL}"),)


def everything(world: World, limit: int, **more: object) -> list[SpanDetail]:
    found: list[SpanDetail] = []
    after = ""
    while True:
        page = world.engine.export(reader(), OURS.id, page=PageRequest(limit=limit, after=after), **more)  # type: ignore[arg-type]
        found += page.rows
        after = page.next
        if not after:
            return found


def test_every_step_comes_once_newest_first_with_the_content_that_its_own_page_shows(world: World) -> None:
    world.keep([step(trace, number, input=talk(number)) for trace in (1, 2) for number in range(1, 6)])
    found = everything(world, 3)
    assert [one.row.index for one in found] == list(range(9, -1, -1))
    for one in found:
        assert one == world.engine.span(reader(), OURS.id, one.row.trace_id, one.row.span_id)
    assert MAIL not in msgspec.json.encode(found).decode()
    assert world.reads == []


def test_only_what_fits_is_exported_with_its_judgements(world: World) -> None:
    world.keep([step(1, 1), step(1, 2, status="error"), step(2, 1)])
    world.judge(Score(name="good", passed=True, trace_id=trace_id(1)))
    world.judge(Score(name="clear", value=1, span_id=span_id(1_002)))
    world.judge(Score(name="other", value=1, span_id=span_id(2_001)))
    (one,) = everything(world, 50, where=Compare("status", "=", "error"))
    assert one.row.span_id == span_id(1_002)
    assert [score.name for score in one.scores] == ["good", "clear"]


def test_a_page_of_exact_content_is_on_the_record_once_with_every_place_that_it_shows(world: World) -> None:
    places = world.keep([step(1, number, input=talk(number)) for number in range(1, 6)])
    owner = reader(level=Level.EXACT, purpose="moving house")
    page = world.engine.export(owner, OURS.id, page=PageRequest(limit=3), level=Level.EXACT)
    assert [one.content.input for one in page.rows if one.content] == [talk(5), talk(4), talk(3)]
    ((access, read),) = world.reads
    assert (access.purpose, read.kind, read.places) == ("moving house", "export", tuple(reversed(places[2:])))


def test_exact_content_needs_right_purpose_and_record(world: World) -> None:
    world.keep([step(1, 1, input=talk(1))])
    with pytest.raises(Denied):
        world.engine.export(reader(purpose="why not"), OURS.id, level=Level.EXACT)
    with pytest.raises(Rejected, match="purpose"):
        world.engine.export(reader(level=Level.EXACT), OURS.id, level=Level.EXACT)
    world.refuse_reads = True
    with pytest.raises(Unavailable, match="could not be recorded"):
        world.engine.export(reader(level=Level.EXACT, purpose="audit"), OURS.id, level=Level.EXACT)


def test_a_reader_of_metadata_exports_rows_without_text(world: World) -> None:
    world.keep([step(1, 1, input=talk(1))])
    (one,) = world.engine.export(reader(level=Level.METADATA), OURS.id).rows
    assert (one.state, one.content, one.row.input_preview) == ("withheld", None, "")


def test_large_content_ends_a_page_early_and_nothing_is_lost(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.keep([step(1, number, input=(said("user", "x" * 1_000),)) for number in range(1, 8)])
    monkeypatch.setattr(exports, "EXPORT_BYTES", 2_500)
    owner = reader(level=Level.EXACT, purpose="audit")
    page = world.engine.export(owner, OURS.id, level=Level.EXACT)
    assert 1 <= len(page.rows) < 7
    assert [len(read.places) for _, read in world.reads] == [len(page.rows)]
    assert [one.row.index for one in everything(world, 50)] == list(range(6, -1, -1))


def test_what_was_erased_is_exported_as_erased(world: World) -> None:
    (place,) = world.keep([step(1, 1, input=talk(1))])
    del world.spans[OURS.number, place]
    (one,) = everything(world, 50)
    assert (one.state, one.content) == ("erased", None)
