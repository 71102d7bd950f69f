"""The word diff: both texts can be read from it again, and hostile ones take no longer."""

from hypothesis import given
from hypothesis import strategies as st

from onrecord.web.worddiff import CHARACTERS, Change, word_diff


def test_words_that_went_and_came_are_told_apart() -> None:
    assert word_diff("Be brief. Never promise.", "Be kind. Never promise.") == (
        Change("same", "Be "), Change("gone", "brief. "), Change("new", "kind. "), Change("same", "Never promise."),
    )  # fmt: skip


def test_the_same_text_is_one_run_and_nothing_is_none() -> None:
    assert word_diff("as it was", "as it was") == (Change("same", "as it was"),)
    assert word_diff("", "") == ()
    assert word_diff("", "new") == (Change("new", "new"),)


def test_scripts_without_spaces_are_compared_character_by_character() -> None:
    assert Change("new", "四") in word_diff("三行で要約", "四行で要約")


@given(st.text(alphabet="ab \n四", max_size=60), st.text(alphabet="ab \n四", max_size=60))
def test_both_texts_can_be_read_from_the_diff(older: str, newer: str) -> None:
    changes = word_diff(older, newer)
    assert "".join(change.text for change in changes if change.kind != "new") == older
    assert "".join(change.text for change in changes if change.kind != "gone") == newer


def test_texts_of_one_word_repeated_are_compared_to_the_bound() -> None:
    changes = word_diff("a " * 50_000, "b " * 50_000)
    assert sum(len(change.text) for change in changes) == 2 * CHARACTERS
