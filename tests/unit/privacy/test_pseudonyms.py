"""Pseudonyms: keyed, stable, of one shape, and never made of pseudonyms."""

import hashlib
import hmac
import re
from collections.abc import Callable

import pytest

from onrecord.privacy.pseudonym import ALPHABET, TOKEN, Pseudonyms, labels_in

KEY = bytes(range(32))
NAMES = Pseudonyms(KEY)


def test_a_token_is_the_first_sixty_bits_of_the_hmac_in_crockford_base32() -> None:
    digest = hmac.new(KEY, b"EMAIL\0jan@example.com", hashlib.sha256).digest()
    bits = f"{int.from_bytes(digest):0256b}"[:60]
    digits = "".join(ALPHABET[int(bits[at : at + 5], 2)] for at in range(0, 60, 5))
    assert NAMES.token("EMAIL", "jan@example.com") == f"<EMAIL_{digits}>"


def test_a_known_value_keeps_its_pseudonym_for_ever() -> None:
    assert NAMES.token("EMAIL", "jan@example.com") == "<EMAIL_7kerqa10qnw5>"
    assert NAMES.user("jan") == "usr_jxmsj9ewacvf"


def test_another_key_gives_another_pseudonym() -> None:
    assert Pseudonyms(b"x" * 32).user("jan") != NAMES.user("jan")


def test_a_user_and_a_session_of_the_same_name_differ_beyond_their_prefix() -> None:
    made = {name[-12:] for name in (NAMES.user("a"), NAMES.session("a"), NAMES.tenant("a"), NAMES.text_id("a"))}
    assert len(made) == 4


@pytest.mark.parametrize("make", [NAMES.user, NAMES.session, NAMES.tenant, NAMES.text_id])
def test_a_pseudonym_of_a_pseudonym_is_itself(make: Callable[[str], str]) -> None:
    once = make("jan@example.com")
    assert make(once) == once
    assert re.fullmatch(rf"(usr|ses|ten|id)_[{ALPHABET}]{{12}}", once)


def test_no_id_has_no_pseudonym() -> None:
    assert NAMES.user("") == ""


def test_a_token_of_a_token_is_itself() -> None:
    once = NAMES.token("PHONE", "+31612345678")
    assert NAMES.token("EMAIL", once) == once


def test_every_token_fits_the_grammar() -> None:
    text = f"{NAMES.token('NATIONAL_ID', '123456782')} <SECRET> <CARD_1111> <EMAIL_ilou> <CARD_11>"
    assert [match.group() for match in TOKEN.finditer(text)] == text.split()[:3]
    assert labels_in(text) == ("CARD", "NATIONAL_ID", "SECRET")


def test_lone_surrogates_have_pseudonyms_too() -> None:
    assert NAMES.user("\ud800") != NAMES.user("\ud801")


def test_a_short_key_is_refused() -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        Pseudonyms(b"short")
