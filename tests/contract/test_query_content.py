"""One trace and one span: tree, content at the reader's level, exact reads on the record, proofs that check."""

from base64 import b64decode

import msgspec
import pytest

from onrecord.errors import Denied, Missing, Rejected, Unavailable
from onrecord.ledger.checkpoint import open_checkpoint
from onrecord.ledger.merkle import is_included, leaf_hash
from onrecord.ledger.note import parse_vkey
from onrecord.ledger.proof import decode_proof
from onrecord.model.access import Level
from onrecord.model.media import Media
from onrecord.model.record import Place
from onrecord.model.score import Score
from tests.contract.query_world import LENSES, OURS, THEIRS, World, reader, said, span_id, step, trace_id

pytestmark = pytest.mark.chdb

MAIL = "jan.jansen@example.com"
TALK = (
    said("system", "be brief"), said("user", "hello"), said("assistant", "hi"), said("user", f"I am {MAIL}"),
)  # fmt: skip


def test_a_trace_opens_as_a_tree_in_reading_order_with_its_scores(world: World) -> None:
    world.keep([step(1, 4, 2), step(1, 2, 1), step(1, 3, 1), step(1, 1), step(1, 9, 77)])
    world.judge(Score(name="good", passed=True, trace_id=trace_id(1), span_id=span_id(1_002), source="human"))
    tree = world.engine.trace(reader(), OURS.id, trace_id(1))
    assert [(node.span.name, node.depth, node.orphan) for node in tree.nodes] == [
        ("step 1", 0, False), ("step 2", 1, False), ("step 4", 2, False), ("step 3", 1, False), ("step 9", 0, True),
    ]  # fmt: skip
    assert [node.offset_ms for node in tree.nodes] == [0.0, 1.0, 3.0, 2.0, 8.0]
    assert (tree.trace.name, tree.trace.spans, tree.omitted) == ("step 1", 5, 0)
    assert [(score.name, score.passed) for score in tree.scores] == [("good", True)]
    with pytest.raises(Missing):
        world.engine.trace(reader(), OURS.id, trace_id(2))


def test_a_trace_whose_id_is_text_opens_by_that_text_and_by_its_pseudonym(world: World) -> None:
    world.keep([msgspec.structs.replace(step(1, 1), trace_id="order of jan")])
    pseudonym = LENSES[1].pseudonyms.text_id("order of jan")
    for name in ("order of jan", pseudonym):
        assert world.engine.trace(reader(), OURS.id, name).trace.trace_id == pseudonym


def test_a_span_shows_pseudonymised_content_unless_exact_is_asked_for(world: World) -> None:
    world.keep([step(1, 1, input=TALK, output=(said("assistant", "noted"),))])
    owner = reader(level=Level.EXACT, purpose="a complaint")
    detail = world.engine.span(owner, OURS.id, trace_id(1), span_id(1_001))
    assert (detail.state, detail.level, detail.new_from) == ("present", Level.PSEUDONYMISED, 3)
    assert detail.content is not None
    assert [message.role for message in detail.content.input] == ["system", "user", "assistant", "user"]
    assert MAIL not in msgspec.json.encode(detail).decode()
    assert "<EMAIL_" in detail.content.input[3].parts[0].text
    assert world.reads == []


def test_an_exact_read_is_on_the_record_once_before_it_is_answered(world: World) -> None:
    (place,) = world.keep([step(1, 1, input=TALK)])
    owner = reader(level=Level.EXACT, purpose="a complaint")
    detail = world.engine.span(owner, OURS.id, trace_id(1), span_id(1_001), Level.EXACT)
    assert detail.content is not None
    assert detail.content.input == TALK
    ((access, read),) = world.reads
    assert (access.purpose, read.kind, read.places, read.project) == ("a complaint", "span", (place,), OURS)


def test_when_the_read_can_not_be_recorded_nothing_is_shown(world: World) -> None:
    world.keep([step(1, 1, input=TALK)])
    world.refuse_reads = True
    owner = reader(level=Level.EXACT, purpose="a complaint")
    with pytest.raises(Unavailable, match="could not be recorded"):
        world.engine.span(owner, OURS.id, trace_id(1), span_id(1_001), Level.EXACT)


def test_exact_content_needs_the_right_and_a_purpose(world: World) -> None:
    world.keep([step(1, 1, input=TALK)])
    with pytest.raises(Denied):
        world.engine.span(reader(purpose="why not"), OURS.id, trace_id(1), span_id(1_001), Level.EXACT)
    with pytest.raises(Rejected, match="purpose"):
        world.engine.span(reader(level=Level.EXACT, purpose="  "), OURS.id, trace_id(1), span_id(1_001), Level.EXACT)
    assert world.reads == []


def test_a_reader_of_metadata_gets_the_row_and_no_content(world: World) -> None:
    world.keep([step(1, 1, input=TALK)])
    auditor = reader(level=Level.METADATA)
    detail = world.engine.span(auditor, OURS.id, trace_id(1), span_id(1_001))
    assert (detail.state, detail.content, detail.row.input_preview) == ("withheld", None, "")


def test_content_that_is_gone_is_said_to_be_erased(world: World) -> None:
    (place,) = world.keep([step(1, 1, input=TALK)])
    del world.spans[OURS.number, place]
    detail = world.engine.span(reader(), OURS.id, trace_id(1), span_id(1_001))
    assert (detail.state, detail.content) == ("erased", None)
    assert "not in the vault" in detail.reason
    with pytest.raises(Missing):
        world.engine.span(reader(), OURS.id, trace_id(1), span_id(1_002))


def test_a_proof_checks_without_us(world: World) -> None:
    world.keep([step(1, number) for number in range(1, 300)])
    assert world.engine.proof(reader(), OURS.id, Place(2026, 298)).state == "pending"
    world.publish()
    proof = world.engine.proof(reader(), OURS.id, Place(2026, 123))
    assert (proof.state, proof.size, proof.facts["kind"]) == ("verified", 299, "span")
    checkpoint, _ = open_checkpoint(proof.checkpoint.encode(), [parse_vkey(proof.verifier_key)])
    path = [b64decode(one) for one in proof.path]
    assert is_included(123, 299, leaf_hash(proof.entry), path, checkpoint.root)
    assert b64decode(proof.leaf_hash) == leaf_hash(proof.entry)
    assert "#123" in proof.explanation[0]
    (row,) = world.engine.traces(reader(), OURS.id).rows
    assert row.sequenced
    assert world.engine.heads(reader(), OURS.id)[0].size == world.engine.counts(reader(), OURS.id).ledger_size == 299


def test_the_proof_file_is_a_c2sp_tlog_proof(world: World) -> None:
    world.keep([step(1, number) for number in range(1, 6)])
    with pytest.raises(Missing, match="yet"):
        world.engine.tlog_proof(reader(), OURS.id, Place(2026, 2))
    world.publish()
    decoded = decode_proof(world.engine.tlog_proof(reader(), OURS.id, Place(2026, 2)))
    proof = world.engine.proof(reader(), OURS.id, Place(2026, 2))
    assert decoded.index == 2
    assert is_included(
        2, 5, leaf_hash(proof.entry), decoded.hashes, b64decode(world.engine.heads(reader(), OURS.id)[0].root)
    )


def test_a_forged_entry_is_answered_as_altered(world: World) -> None:
    world.keep([step(1, number) for number in range(1, 6)])
    world.publish()
    directory = world.ledgers.origin(OURS.id, 2026).directory(world.ledgers.root)
    (path,) = (directory / "tile" / "entries").rglob("5")
    path.write_bytes(path.read_bytes().replace(b'"o":"ok"', b'"o":"no"', 3))
    _is_altered(world)


@pytest.mark.parametrize("position", [0, 30, -80, -20, -6, -2])
def test_a_checkpoint_with_another_byte_is_answered_as_altered(world: World, position: int) -> None:
    world.keep([step(1, number) for number in range(1, 6)])
    world.publish()
    path = world.ledgers.origin(OURS.id, 2026).directory(world.ledgers.root) / "checkpoint"
    body = bytearray(path.read_bytes())
    body[position] ^= 1
    path.write_bytes(body)
    _is_altered(world)


@pytest.mark.parametrize("tree", ["entries", "0"])
def test_a_tile_that_is_gone_is_answered_as_altered_not_as_pending(world: World, tree: str) -> None:
    world.keep([step(1, number) for number in range(1, 6)])
    world.publish()
    directory = world.ledgers.origin(OURS.id, 2026).directory(world.ledgers.root)
    for path in (directory / "tile" / tree).rglob("5"):
        path.unlink()
    _is_altered(world)


def _is_altered(world: World) -> None:
    proof = world.engine.proof(reader(), OURS.id, Place(2026, 2))
    assert proof.state == "altered"
    assert proof.explanation


@pytest.mark.parametrize("place", [Place(2026, 5), Place(2025, 0)])
def test_a_record_that_never_was_has_no_proof(world: World, place: Place) -> None:
    world.keep([step(1, number) for number in range(1, 6)])
    world.publish()
    with pytest.raises(Missing):
        world.engine.proof(reader(), OURS.id, place)


def test_a_medium_is_exact_content_and_its_read_is_on_the_record(world: World) -> None:
    place = Place(2026, 40)
    medium = Media(id="face", trace_id=trace_id(1), data=b"likeness")
    world.media_kept[OURS.number, place] = medium
    with pytest.raises(Denied):
        world.engine.media(reader(), OURS.id, trace_id(1), "face")
    with pytest.raises(Rejected):
        world.engine.media(reader(level=Level.EXACT), OURS.id, trace_id(1), "face")
    owner = reader(level=Level.EXACT, purpose="a complaint")
    with pytest.raises(Missing):
        world.engine.media(owner, OURS.id, trace_id(2), "face")
    with pytest.raises(Missing, match="no such project"):
        world.engine.media(owner, THEIRS.id, trace_id(1), "face")
    assert world.reads == []
    assert world.engine.media(owner, OURS.id, trace_id(1), "face") == medium
    ((_, read),) = world.reads
    assert (read.kind, read.places) == ("media", (place,))
    world.refuse_reads = True
    with pytest.raises(Unavailable):
        world.engine.media(owner, OURS.id, trace_id(1), "face")
