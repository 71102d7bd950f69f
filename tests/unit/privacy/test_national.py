"""Check digits of national numbers, against python-stdnum as an independent reading of the same rules."""

import random
from collections.abc import Callable
from typing import Any

import pytest
import stdnum.be.nn
import stdnum.de.idnr
import stdnum.es.dni
import stdnum.es.nie
import stdnum.fr.nir
import stdnum.gb.nhs
import stdnum.iban
import stdnum.it.codicefiscale
import stdnum.luhn
import stdnum.nl.bsn
import stdnum.pl.pesel

from onrecord.privacy.detect import national
from onrecord.privacy.detect.payment import luhn, mod97
from onrecord.privacy.detect.scan import detector

Check = Callable[[str], bool]


def numbers(length: int, count: int = 4000) -> list[str]:
    dice = random.Random(length)
    return ["".join(dice.choices("0123456789", k=length)) for _ in range(count)]


@pytest.mark.parametrize(
    ("ours", "theirs", "length"),
    [
        (national.is_bsn, stdnum.nl.bsn, 9),
        (national.is_nhs, stdnum.gb.nhs, 10),
        (luhn, stdnum.luhn, 16),
    ],
)
def test_a_check_agrees_with_the_reference_on_random_numbers(ours: Check, theirs: Any, length: int) -> None:
    tried = [number for number in numbers(length) if number[0] != "0"]
    assert [ours(number) for number in tried] == [theirs.is_valid(number) for number in tried]
    assert any(ours(number) for number in tried)


@pytest.mark.parametrize(
    ("ours", "theirs", "length"),
    [
        (national.is_steuer_id, stdnum.de.idnr, 11),
        (national.is_pesel, stdnum.pl.pesel, 11),
        (national.is_belgian, stdnum.be.nn, 11),
        (national.is_nir, stdnum.fr.nir, 15),
    ],
)
def test_whatever_the_reference_accepts_is_accepted(ours: Check, theirs: Any, length: int) -> None:
    valid = [number for number in numbers(length, 40_000) if theirs.is_valid(number)]
    assert valid
    assert all(ours(number) for number in valid)


def test_spanish_letters_agree_with_the_reference() -> None:
    letters = "ABCDEFGHJKLMNPQRSTVWXYZ"
    for number in numbers(8, 60):
        assert [national.is_dni(number + x) for x in letters] == [stdnum.es.dni.is_valid(number + x) for x in letters]
        nie = "XYZ"[int(number[0]) % 3] + number[1:]
        assert [national.is_dni(nie + x) for x in letters] == [stdnum.es.nie.is_valid(nie + x) for x in letters]


def test_italian_check_letters_agree_with_the_reference() -> None:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    bodies = ("RSSMRA85T10A562", "BNCGNN70A41F205", "VRDLCU92C65H501")
    for body in bodies:
        theirs = [stdnum.it.codicefiscale.calc_check_digit(body) == x for x in letters]
        assert [national.is_codice_fiscale(body + x) for x in letters] == theirs


@pytest.mark.parametrize("iban", ["NL91ABNA0417164300", "DE89370400440532013000", "GB29NWBK60161331926819"])
def test_ibans_agree_with_the_reference(iban: str) -> None:
    for last in "0123456789":
        changed = iban[:-1] + last
        assert (mod97(changed[4:] + changed[:4]) == 1) == stdnum.iban.is_valid(changed)


@pytest.mark.parametrize("text", ["order 123456782", "x 86095742719 y", "12345678Z", "255081416802538", "44051401359"])
def test_a_bare_number_without_words_is_no_identity_number(text: str) -> None:
    assert detector().find(text) == []


@pytest.mark.parametrize("text", ["BSN 123456783", "DNI 12345678A", "PESEL 44051401350", "NHS 943 476 5918"])
def test_a_number_with_a_wrong_check_digit_is_none(text: str) -> None:
    assert [found.label for found in detector().find(text) if found.label == "NATIONAL_ID"] == []


@pytest.mark.parametrize(("text", "hint"), [("123456782", "bsn"), ("12345678Z", "dni"), ("44051401359", "pesel")])
def test_the_key_of_a_map_says_what_a_bare_number_is(text: str, hint: str) -> None:
    assert [found.canonical for found in detector().find(text, hint)] == [text]
