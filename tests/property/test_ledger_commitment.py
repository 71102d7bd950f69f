"""A commitment binds every slot, opens one at a time, and says nothing without its salt."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from onrecord.ledger.commitment import check_slot, commit, open_slot, slot_commitments, slot_digest, slot_salts

SALT = st.binary(min_size=32, max_size=32)
SLOTS = st.lists(st.binary(max_size=40), min_size=1, max_size=12)


@given(SALT, SLOTS, st.data())
def test_one_slot_opens_and_no_other_bytes_fit(salt: bytes, slots: list[bytes], data: st.DataObject) -> None:
    digests = [slot_digest(slot) for slot in slots]
    index = data.draw(st.integers(0, len(slots) - 1))
    commitment = commit(salt, digests)
    opening = open_slot(salt, digests, index)
    assert check_slot(commitment, opening, slots[index])
    assert not check_slot(commitment, opening, slots[index] + b"x")
    assert not check_slot(bytes(32), opening, slots[index])
    if index + 1 < len(slots):
        assert not check_slot(commitment, msgspec.structs.replace(opening, index=index + 1), slots[index])


@given(SALT, SLOTS, st.data())
def test_an_opening_holds_neither_the_salt_nor_the_salts_of_other_slots(
    salt: bytes, slots: list[bytes], data: st.DataObject
) -> None:
    digests = [slot_digest(slot) for slot in slots]
    index = data.draw(st.integers(0, len(slots) - 1))
    written = msgspec.json.encode(open_slot(salt, digests, index)) + msgspec.msgpack.encode(
        open_slot(salt, digests, index)
    )
    for number, other in enumerate([salt, *slot_salts(salt, len(slots))]):
        assert (other in written) == (number == index + 1)


@given(SALT, SALT, SLOTS)
def test_equal_records_are_not_equal_in_the_ledger(one: bytes, two: bytes, slots: list[bytes]) -> None:
    digests = [slot_digest(slot) for slot in slots]
    assert (commit(one, digests) == commit(two, digests)) == (one == two)


@given(SALT, st.binary(max_size=40))
def test_the_same_slot_twice_in_a_record_has_two_commitments(salt: bytes, slot: bytes) -> None:
    first, second = slot_commitments(salt, [slot_digest(slot)] * 2)
    assert first != second


@given(SALT, SLOTS)
def test_number_and_order_of_slots_are_bound(salt: bytes, slots: list[bytes]) -> None:
    digests = [slot_digest(slot) for slot in slots]
    assert commit(salt, digests) != commit(salt, [*digests, slot_digest(b"")])
    assert (commit(salt, digests) == commit(salt, digests[::-1])) == (digests == digests[::-1])
