"""Bodies and histories: what went in comes out, once stored, and nothing opens that was touched."""

from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from onrecord.errors import Corrupt
from onrecord.vault.body import Body, Sealer, place_of, record_id
from onrecord.vault.history import History
from onrecord.vault.manifest import content_of

AEAD = AESGCM(b"k" * 32)
BODY = Body(b"s" * 32, (0, 1, 1), 0, 0, [0, 1, 0, 2], [b"attributes", b"question", b"answer"])


def seal(sealer: Sealer, **changes: object) -> bytes:
    place: dict[str, object] = {"year": 2026, "identifier": 7, "dedupe": b"d" * 20} | changes
    return sealer.seal(AEAD, BODY, **place)  # type: ignore[arg-type]


def test_a_sealed_body_opens_to_what_was_sealed() -> None:
    sealer = Sealer()
    assert sealer.open(AEAD, seal(sealer), year=2026, identifier=7, dedupe=b"d" * 20) == BODY


@pytest.mark.parametrize("elsewhere", [{"year": 2027}, {"identifier": 8}, {"dedupe": b"e" * 20}])
def test_a_body_does_not_open_in_another_place(elsewhere: dict[str, object]) -> None:
    sealer = Sealer()
    with pytest.raises(Corrupt):
        sealer.open(AEAD, seal(sealer, **elsewhere), year=2026, identifier=7, dedupe=b"d" * 20)


def test_every_flipped_bit_of_a_body_is_noticed() -> None:
    sealer = Sealer()
    sealed = seal(sealer)
    for position in range(len(sealed)):
        touched = bytearray(sealed)
        touched[position] ^= 1 << position % 8
        with pytest.raises(Corrupt):
            sealer.open(AEAD, bytes(touched), year=2026, identifier=7, dedupe=b"d" * 20)


def test_a_rowid_names_project_and_index() -> None:
    assert place_of(record_id(3, 123_456)) == (3, 123_456)


def conversation(turns: list[int]) -> list[list[bytes]]:
    """Calls of a conversation: each sends everything before it again."""
    said: list[bytes] = [b"system prompt"]
    calls = []
    for turn in turns:
        said.append(b"user %d" % turn)
        calls.append([*said, b"assistant %d" % turn])
        said.append(b"assistant %d" % turn)
    return calls


@given(st.lists(st.lists(st.binary(max_size=4), max_size=12), max_size=12))
def test_any_sequence_of_message_lists_comes_back_whole(lists: list[list[bytes]]) -> None:
    history, bodies = History(), {}
    for identifier, messages in enumerate(lists, start=1):
        slots = [b"attributes of %d" % identifier, *messages]
        digests = [sha256(slot).digest() for slot in slots]
        bodies[identifier] = history.encode(identifier, b"s" * 32, (0, len(messages), 0), slots, digests)
    for identifier, messages in enumerate(lists, start=1):
        content = content_of(identifier, bodies.__getitem__)
        assert content.slots == [b"attributes of %d" % identifier, *messages]


def test_each_message_of_a_conversation_is_stored_once_and_calls_stay_small() -> None:
    history = History()
    sizes = []
    for identifier, messages in enumerate(conversation(list(range(200))), start=1):
        slots = [b"a", *messages]
        digests = [sha256(slot).digest() for slot in slots]
        body = history.encode(identifier, b"s" * 32, (0, len(messages), 0), slots, digests)
        sizes.append(len(body.refs) + len(body.segments))
    assert max(sizes[1:]) <= 8


def test_interleaved_calls_of_two_agents_each_begin_with_their_own_earlier_call() -> None:
    history = History()
    first, second = conversation([1, 2, 3]), [[b"router", *call] for call in conversation([7, 8, 9])]
    bodies = {}
    for number, messages in enumerate(call for pair in zip(first, second, strict=True) for call in pair):
        slots = [b"a", *messages]
        digests = [sha256(slot).digest() for slot in slots]
        bodies[number + 1] = history.encode(number + 1, b"s" * 32, (0, len(messages), 0), slots, digests)
    assert bodies[5].base == 3
    assert bodies[6].base == 4


def test_a_manifest_that_names_a_later_record_is_refused() -> None:
    bodies = {
        1: Body(b"s" * 32, (0, 1, 0), 2, 1, [], [b"a"]),
        2: Body(b"s" * 32, (0, 1, 0), 0, 0, [0, 1], [b"a", b"m"]),
    }
    with pytest.raises(Corrupt):
        content_of(1, bodies.__getitem__)
