"""Media of a step: type and size for readers; bytes for an exact reader with a purpose, on the record first."""

import pytest

from onrecord.errors import Denied, Missing, Rejected, Unavailable
from onrecord.model.access import Access, Level
from onrecord.model.media import Media
from onrecord.model.message import Message, Part
from onrecord.model.record import Place
from onrecord.model.span import Span
from onrecord.query.stepmedia import MEDIA, MediumRow, mentioned
from tests.contract.query_world import OURS, SHARD, THEIRS, World, reader, said, step

PICTURE = b"\x89PNG\r\n\x1a\n a likeness"
REFERENCE = "@@@langfuseMedia:type=image/PNG|id=face-1|source=base64_data_uri@@@"
EXACT = reader(level=Level.EXACT, purpose="a complaint")


def shown(world: World) -> Span:
    inline = Part(type="media", mime="image/jpeg; q=1", data=b"\xff\xd8\xff inline")
    far = Part(type="media", uri="https://elsewhere.example/x.png")
    span = step(
        1, 1,
        input=(said("user", f"look: {REFERENCE} and again {REFERENCE}"), Message(role="user", parts=(inline, far))),
        attributes={"attachments": [{"id": "run.scan", "media_type": "application/pdf", "name": "Ann's scan"}]},
    )  # fmt: skip
    world.keep([span])
    kept = Media(id="face-1", trace_id=span.trace_id, media_type="image/png", data=PICTURE, size=len(PICTURE))
    world.media_kept[OURS.number, Place(SHARD, 900)] = kept
    return span


def listed(world: World, who: Access, span: Span) -> tuple[MediumRow, ...]:
    return world.engine.step_media(who, OURS.id, world.engine.span(who, OURS.id, span.trace_id, span.span_id))


def test_each_is_listed_once_with_type_and_size_and_without_bytes(world: World) -> None:
    span = shown(world)
    rows = listed(world, reader(), span)
    told = [(one.number, one.media_type, one.size, one.state) for one in rows]
    assert told == [
        (1, "image/png", len(PICTURE), "present"),
        (2, "image/jpeg", 10, "present"),
        (3, "", None, "elsewhere"),
        (4, "application/pdf", None, "gone"),
    ]
    assert world.reads == [], "no content was given"
    assert listed(world, reader(level=Level.METADATA), span) == ()


def test_bytes_are_given_after_the_read_is_on_the_record(world: World) -> None:
    span = shown(world)
    ids = (span.trace_id, span.span_id)
    assert world.engine.step_medium(EXACT, OURS.id, ids, 1).data == PICTURE
    assert world.engine.step_medium(EXACT, OURS.id, ids, 2).data == b"\xff\xd8\xff inline"
    assert [(read.kind, access.purpose) for access, read in world.reads] == [("media", "a complaint")] * 2
    world.refuse_reads = True
    for number in (1, 2):
        with pytest.raises(Unavailable):
            world.engine.step_medium(EXACT, OURS.id, ids, number)


def test_nobody_else_gets_them(world: World) -> None:
    span = shown(world)
    ids = (span.trace_id, span.span_id)
    with pytest.raises(Denied):
        world.engine.step_medium(reader(), OURS.id, ids, 1)
    with pytest.raises(Rejected):
        world.engine.step_medium(reader(level=Level.EXACT), OURS.id, ids, 1)
    with pytest.raises(Missing):
        world.engine.step_medium(reader(THEIRS, level=Level.EXACT, purpose="x"), OURS.id, ids, 1)
    for number in (0, 3, 4, 5):
        with pytest.raises(Missing):
            world.engine.step_medium(EXACT, OURS.id, ids, number)
    assert PICTURE not in b"".join(str(read).encode() for _, read in world.reads)


def test_a_type_that_is_none_is_not_repeated_and_there_is_a_bound() -> None:
    many = tuple(Part(type="media", mime="<script>/x", data=b"1") for _ in range(MEDIA + 5))
    found = mentioned(Span(trace_id="t", span_id="s", input=(Message(role="user", parts=many),)))
    assert len(found) == MEDIA
    assert {one.media_type for one in found} == {""}
