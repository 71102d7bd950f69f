"""The numbers of a producer against the plain set of what has come, in any order, again and again."""

from hypothesis import given
from hypothesis import strategies as st

from onrecord.model.numbering import Numbering

RANGES = st.lists(
    st.tuples(st.integers(1, 60), st.integers(0, 12)).map(lambda one: (one[0], one[0] + one[1])), max_size=40
)


def missing(numbering: Numbering) -> set[int]:
    return {number for gap in numbering.gaps for number in range(gap.first, gap.last + 1)}


@given(RANGES)
def test_what_is_missing_is_whatever_below_the_highest_has_not_come(ranges: list[tuple[int, int]]) -> None:
    numbering, come = Numbering(), set[int]()
    for at, (first, last) in enumerate(ranges):
        numbering = numbering.with_range(first, last, at)
        come |= set(range(first, last + 1))
        assert numbering.top == max(come)
        assert missing(numbering) == set(range(1, max(come))) - come
        assert numbering.missing == len(missing(numbering))
        assert all(one.last + 1 < two.first for one, two in zip(numbering.gaps, numbering.gaps[1:], strict=False))


@given(RANGES)
def test_the_order_of_arrival_does_not_matter_in_the_end(ranges: list[tuple[int, int]]) -> None:
    forwards = backwards = Numbering()
    for first, last in ranges:
        forwards = forwards.with_range(first, last, 0)
    for first, last in reversed(ranges):
        backwards = backwards.with_range(first, last, 0)
    assert forwards == backwards


@given(RANGES)
def test_the_same_numbers_again_change_nothing(ranges: list[tuple[int, int]]) -> None:
    once = Numbering()
    for first, last in ranges:
        once = once.with_range(first, last, 0)
    again = once
    for first, last in ranges:
        again = again.with_range(first, last, 1)
    assert again == once


@given(RANGES, st.integers(0, 5))
def test_a_bound_forgets_which_but_not_how_many(ranges: list[tuple[int, int]], keep: int) -> None:
    whole = Numbering()
    for first, last in ranges:
        whole = whole.with_range(first, last, 0)
    bounded = whole.bounded(keep)
    assert len(bounded.gaps) <= keep
    assert (bounded.gap_count, bounded.missing) == (whole.gap_count, whole.missing)


@given(RANGES)
def test_what_is_left_of_a_gap_is_as_old_as_the_gap(ranges: list[tuple[int, int]]) -> None:
    numbering = Numbering().with_range(100, 100, 7)
    for at, (first, last) in enumerate(ranges):
        numbering = numbering.with_range(first, last, 50 + at)
    assert {gap.since_us for gap in numbering.gaps} <= {7}
