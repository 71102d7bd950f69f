"""Whatever an entry says, it reads back; whatever is not an entry is refused with one sentence."""

import string

from hypothesis import given
from hypothesis import strategies as st

from onrecord.ledger.entry import Entry, Previous, decode_entries, decode_entry, encode_entry, span_entry
from onrecord.ledger.vocabulary import FINISHES, PROVIDERS, finish_word, model_word, provider_word
from onrecord.model.record import RECORD_KINDS, Place
from onrecord.model.span import KINDS, STATUSES, Span, Usage

IDS = st.text(string.ascii_letters + string.digits + "-_", min_size=22, max_size=22)
COUNTS = st.one_of(st.none(), st.integers(0, 2**62))
HASHES = st.binary(min_size=32, max_size=32)
ENTRIES = st.builds(
    Entry,
    kind=st.sampled_from(RECORD_KINDS),
    id=IDS,
    received_us=st.integers(0, 2**62),
    before_us=st.one_of(st.none(), st.integers(-(2**62), 2**62)),
    duration_us=st.one_of(st.none(), st.integers(-(2**62), 2**62)),
    span_kind=st.sampled_from(["", *KINDS]),
    provider=st.sampled_from(["", *PROVIDERS]),
    model=st.sampled_from(["", "other", "gpt-4o", "claude-sonnet-4-20250514"]),
    status=st.sampled_from(STATUSES),
    finish=st.sampled_from(["", *FINISHES]),
    tokens=st.lists(COUNTS, max_size=5).map(tuple).filter(lambda counts: not counts or counts[-1] is not None),
    mode=st.sampled_from(["full", "pseudonymised", "metadata"]),
    commitment=st.one_of(st.just(b""), HASHES),
    part_of=st.one_of(st.none(), st.tuples(st.integers(2000, 3000), st.integers(0, 2**40))),
    tag=st.one_of(st.just(""), IDS),
    manifest=st.one_of(st.just(b""), HASHES),
    records=COUNTS,
    previous=st.one_of(st.none(), st.builds(Previous, shard=st.integers(0, 9999), size=st.integers(0, 9), root=HASHES)),
    next=COUNTS,
    lost=st.one_of(st.none(), st.tuples(st.integers(0, 2**40), st.integers(0, 2**40))),
    size=COUNTS,
)


@given(st.lists(ENTRIES, max_size=5))
def test_every_entry_reads_back(entries: list[Entry]) -> None:
    encoded = [encode_entry(entry) for entry in entries]
    assert [decode_entry(data) for data in encoded] == entries
    assert decode_entries(encoded) == entries


@given(ENTRIES, st.data())
def test_a_changed_byte_is_refused_or_says_something_else(entry: Entry, data: st.DataObject) -> None:
    encoded = bytearray(encode_entry(entry))
    at = data.draw(st.integers(0, len(encoded) - 1))
    encoded[at] = data.draw(st.integers(0, 255).filter(lambda value: value != encoded[at]))
    try:
        changed = decode_entry(bytes(encoded))
    except ValueError:
        return
    assert changed != entry


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=4))
def test_bytes_that_are_no_entry_are_refused(bundle: list[bytes]) -> None:
    try:
        assert decode_entries(bundle) == [decode_entry(data) for data in bundle]
    except ValueError as refused:
        assert "entry" in str(refused)  # noqa: PT017 - either answer is allowed, silence is not


@given(st.text(max_size=80), st.text(max_size=30), st.text(max_size=30), st.data())
def test_any_span_gives_an_entry_that_is_inside_the_schema(
    model: str, provider: str, finish: str, data: st.DataObject
) -> None:
    span = Span(
        trace_id="a" * 32,
        span_id="b" * 16,
        kind=data.draw(st.one_of(st.sampled_from(KINDS), st.text(max_size=9))),
        status=data.draw(st.one_of(st.sampled_from(STATUSES), st.text(max_size=9))),
        start_unix_nano=data.draw(st.integers(0, 2**64 - 1)),
        end_unix_nano=data.draw(st.integers(0, 2**64 - 1)),
        model_served=model,
        provider=provider,
        finish_reasons=(finish,),
        usage=data.draw(st.builds(Usage, input=st.one_of(st.none(), st.integers()), reasoning=COUNTS)),
    )
    part_of = data.draw(st.one_of(st.none(), st.builds(Place, st.integers(2000, 3000), st.integers(0, 2**40))))
    encoded = span_entry(span, id="i" * 22, received_us=1_795_476_693_000_000, commitment=bytes(32), part_of=part_of)
    assert encode_entry(decode_entry(encoded)) == encoded


@given(st.text(max_size=60))
def test_words_map_to_themselves(text: str) -> None:
    for word in (model_word, provider_word, finish_word):
        assert word(word(text)) == word(text)
