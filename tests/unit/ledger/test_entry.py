"""An entry has one spelling, a closed schema, and no room for a client's words."""

import json
import os
from typing import get_args

import msgspec
import pytest

from onrecord.ledger import entry as entries
from onrecord.ledger.entry import (
    SIZE_CLASSES,
    Entry,
    Previous,
    UnknownVersion,
    decode_entries,
    decode_entry,
    encode_entry,
    is_listed,
    span_entry,
)
from onrecord.ledger.vocabulary import FINISHES
from onrecord.model.ids import new_id
from onrecord.model.project import ContentMode
from onrecord.model.record import RECORD_KINDS, Place
from onrecord.model.span import KINDS, STATUSES, Span, Usage

RECEIVED_US = 1_795_476_693_000_000
CALL = Span(
    trace_id="a" * 32,
    span_id="b" * 16,
    name="Ask Jan de Vries",
    kind="llm",
    start_unix_nano=RECEIVED_US * 1_000 - 2_000_000_000,
    end_unix_nano=RECEIVED_US * 1_000 - 500_000_000,
    provider="anthropic",
    model_served="claude-3-5-sonnet-20241022",
    status="ok",
    finish_reasons=("tool_use",),
    usage=Usage(input=12_345, output=1_234, cache_read=12_000),
    user_id="jan@example.org",
    application="secret-project",
)


def test_the_closed_lists_are_those_of_the_model() -> None:
    assert get_args(entries.Kind) == RECORD_KINDS
    assert get_args(entries.SpanKind) == ("", *KINDS)
    assert get_args(entries.Status) == STATUSES
    assert get_args(entries.Mode) == tuple(mode.value for mode in ContentMode)
    assert set(get_args(entries.Finish)) == FINISHES | {""}


def test_the_fast_path_writes_the_same_bytes_as_the_encoder() -> None:
    commitment = os.urandom(32)
    record_id = new_id()
    fast = span_entry(CALL, id=record_id, received_us=RECEIVED_US, commitment=commitment)
    slow = Entry(
        kind="span",
        id=record_id,
        received_us=RECEIVED_US,
        before_us=2_000_000,
        duration_us=1_500_000,
        span_kind="llm",
        provider="anthropic",
        model="claude-3-5-sonnet-20241022",
        status="ok",
        finish="tool_calls",
        tokens=(12_345, 1_234, 12_000),
        commitment=commitment,
    )
    assert fast == encode_entry(slow)
    assert decode_entry(fast) == slow
    assert slow.start_us == RECEIVED_US - 2_000_000


def test_a_call_with_all_its_fields_fits_the_smallest_size_class() -> None:
    assert len(span_entry(CALL, id=new_id(), received_us=RECEIVED_US, commitment=bytes(32))) == 256


def test_a_part_names_the_first_entry_and_its_mode() -> None:
    place = Place(2026, 70_000)
    data = span_entry(
        CALL, id=new_id(), received_us=RECEIVED_US, commitment=bytes(32), mode="metadata", kind="part", part_of=place
    )
    part = decode_entry(data)
    assert (part.kind, part.mode, part.first) == ("part", "metadata", place)
    assert encode_entry(part) == data


def test_nothing_that_a_client_named_is_in_the_entry() -> None:
    span = msgspec.structs.replace(
        CALL,
        provider="Acme BV",
        model_served="ft:acme-secret:jan::x",
        finish_reasons=("jan",),
        kind="jan",
        status="jan",
    )
    data = span_entry(span, id=new_id(), received_us=RECEIVED_US, commitment=bytes(32))
    for word in (b"jan", b"Jan", b"acme", b"Acme", b"secret", CALL.trace_id.encode(), CALL.span_id.encode()):
        assert word not in data
    assert decode_entry(data).model == "other"


def test_token_counts_of_an_aggregate_are_left_out() -> None:
    span = msgspec.structs.replace(CALL, usage=Usage(input=5, output=6, aggregate=True))
    assert decode_entry(span_entry(span, id=new_id(), received_us=RECEIVED_US, commitment=bytes(32))).tokens == ()


@pytest.mark.parametrize("count", [-1, 2**63])
def test_an_impossible_token_count_is_unknown(count: int) -> None:
    span = msgspec.structs.replace(CALL, usage=Usage(input=count, output=6))
    assert decode_entry(span_entry(span, id=new_id(), received_us=RECEIVED_US, commitment=bytes(32))).tokens == (
        None,
        6,
    )


def test_larger_entries_take_the_next_size_class() -> None:
    previous = Previous(shard=2025, size=2**40, root=b"\xff" * 32, node="n" * 16)
    entry = Entry(
        kind="shard", id=new_id(), received_us=RECEIVED_US, previous=previous, lost=(2**40, 2**41), manifest=bytes(32)
    )
    full = msgspec.structs.replace(entry, tag=new_id(), commitment=bytes(32), records=2**40)
    data = encode_entry(full)
    assert len(data) in SIZE_CLASSES
    assert len(data) > 256
    assert decode_entries([data, encode_entry(entry)]) == [full, entry]


def respell(**changes: object) -> bytes:
    fields = json.loads(span_entry(CALL, id="i" * 22, received_us=RECEIVED_US, commitment=bytes(32)))
    kept = {key: value for key, value in {**fields, **changes}.items() if value is not None}
    return json.dumps(kept, separators=(",", ":")).encode().ljust(256)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b" " * 256,
        b"{}".ljust(256),
        respell().rstrip(),
        respell()[:-1] + b"\n",
        respell()[1:] + b" ",
        b" " + respell()[:-1],
        respell().replace(b'"k"', b' "k"')[:256],
        respell(k="poem"),
        respell(k=None),
        respell(i="i" * 21),
        respell(i="i" * 21 + "!"),
        respell(r=-1),
        respell(r=1.5),
        respell(t="jan"),
        respell(m="Jan de Vries"),
        respell(p="Acme BV"),
        respell(u=[1, None]),
        respell(c="AAAA"),
        respell(note="free text"),
        respell(x="full"),
        respell(o="unset"),
        respell(g="short"),
        respell(v="1"),
        respell(v=0),
        respell(v=None),
        "é".encode().ljust(256),
        b"\xff" * 256,
    ],
)
def test_anything_but_the_one_spelling_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="entry") as caught:
        decode_entry(data)
    assert not isinstance(caught.value, UnknownVersion)
    with pytest.raises(ValueError, match="entry"):
        decode_entries([respell(), data, respell()])


@pytest.mark.parametrize("pair", [(b"\n", b""), (respell() + b"\n" + respell(), b" " * 256)])
def test_two_entries_can_not_hide_in_one(pair: tuple[bytes, bytes]) -> None:
    with pytest.raises(ValueError, match="entry"):
        decode_entries(pair)


def test_a_later_version_is_unknown_not_altered() -> None:
    with pytest.raises(UnknownVersion):
        decode_entry(respell(v=2, later="field"))


def test_a_name_of_a_later_list_is_read_but_not_written() -> None:
    entry = decode_entry(respell(m="gpt-9-superb"))
    assert not is_listed(entry)
    with pytest.raises(ValueError, match="public"):
        encode_entry(entry)


def test_an_entry_that_breaks_the_schema_is_not_written() -> None:
    with pytest.raises(ValueError, match="public"):
        encode_entry(Entry(kind="span", id=new_id(), received_us=1, model="gpt-4o-jan"))
