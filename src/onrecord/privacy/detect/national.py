"""National identity numbers: a check digit, and words or a form of their own, before a number is taken for one.

One in eleven random numbers of nine digits passes the Dutch test, so a bare number counts only where words around it,
or the map key above it, say what it is. The layout follows each authority's published rule.
"""

import re
from collections.abc import Callable
from typing import Final

from onrecord.privacy.detect.finding import Candidate, Rule

_NOT_DIGITS = re.compile(r"[^0-9A-Za-z]")


def bare(text: str) -> str:
    """An identity number without separators, upper case: its canonical form."""
    return _NOT_DIGITS.sub("", text).upper()


def is_bsn(digits: str) -> bool:
    """Dutch burgerservicenummer: eight or nine digits, the test of eleven with last weight -1."""
    digits = digits.zfill(9)
    total = sum((9 - at) * int(digit) for at, digit in enumerate(digits[:8])) - int(digits[8])
    return total % 11 == 0 and int(digits) > 10_000_000  # noqa: PLR2004 - smaller ones were never given out


def is_belgian(digits: str) -> bool:
    """Belgian national number: 97 minus the first nine digits modulo 97; a 2 goes in front since 2000."""
    body, check = digits[:9], int(digits[9:])
    return check in (97 - int(body) % 97, 97 - int("2" + body) % 97) and int(digits[2:4]) % 20 <= 12  # noqa: PLR2004


def is_steuer_id(digits: str) -> bool:
    """German Steuer-Identifikationsnummer: ISO 7064 MOD 11,10; one of ten digits stands two or three times."""
    counts = sorted(digits[:10].count(digit) for digit in set(digits[:10]))
    product = 10
    for digit in digits[:10]:
        total = (int(digit) + product) % 10 or 10
        product = total * 2 % 11
    return digits[0] != "0" and counts[-1] in (2, 3) and (11 - product) % 10 == int(digits[10])


def is_nir(text: str) -> bool:
    """French numéro d'inscription au répertoire: 97 minus the first thirteen modulo 97; Corsica counts 19 and 18."""
    body, check = text[:13].replace("2A", "19").replace("2B", "18"), text[13:]
    return body.isdigit() and check.isdigit() and 97 - int(body) % 97 == int(check)


def is_dni(text: str) -> bool:
    """Spanish DNI and NIE: the letter is the number modulo 23; X, Y, Z count 0, 1, 2."""
    number = text[:-1].replace("X", "0").replace("Y", "1").replace("Z", "2")
    return number.isdigit() and "TRWAGMYFPDXBNJZSQVHLCKE"[int(number) % 23] == text[-1]


def is_nhs(digits: str) -> bool:
    """British NHS number: weights 10 to 2, modulo 11."""
    check = 11 - sum((10 - at) * int(digit) for at, digit in enumerate(digits[:9])) % 11
    return check % 11 == int(digits[9]) and check != 10  # noqa: PLR2004


def is_ssn(digits: str) -> bool:
    """United States social security number: no check digit, but ranges that are never given out."""
    return digits[:3] not in ("000", "666") and digits[0] != "9" and digits[3:5] != "00" and digits[5:] != "0000"


def is_pesel(digits: str) -> bool:
    """Polish PESEL: weights 1 3 7 9, modulo 10, over a date of birth."""
    total = sum(weight * int(digit) for weight, digit in zip((1, 3, 7, 9) * 3, digits[:10], strict=False))
    return (10 - total % 10) % 10 == int(digits[10]) and 1 <= int(digits[2:4]) % 20 <= 12  # noqa: PLR2004


def is_codice_fiscale(text: str) -> bool:
    """Italian codice fiscale: odd places by table, even places by value, modulo 26."""
    odd = (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23)
    values = [int(char) if char.isdigit() else ord(char) - 65 for char in text[:15]]
    return (sum(odd[value] for value in values[::2]) + sum(values[1::2])) % 26 == ord(text[15]) - 65


_WORDS: Final = {
    "nl": re.compile(r"\bbsn\b|burger ?service|sofi|burger_service"),
    "be": re.compile(r"rijksregister|registre national|national(?:regis)?|\binsz\b|\bniss\b|\brrn\b|registernummer"),
    "de": re.compile(r"steuer|identifikationsnummer|\bidnr\b|\btin\b|tax.?id|\bstid"),
    "fr": re.compile(r"\bnir\b|s[eé]cu|social|\binsee\b|\bss\b|assur[eé]"),
    "es": re.compile(r"\bdni\b|\bnie\b|\bnif\b|identidad|documento|identificaci"),
    "nino": re.compile(r"\bnino\b|national insurance|insurance n|\bni\b"),
    "nhs": re.compile(r"\bnhs\b"),
    "ssn": re.compile(r"\bssn\b|social.?security|seguro social"),
    "pl": re.compile(r"pesel"),
    "it": re.compile(r"codice fiscale|\bcf\b"),
}


def _with(test: Callable[[str], bool], words: str, form: str = "") -> Callable[[Candidate], str | None]:
    """A check: the number passes ``test``, and words around it, or its written ``form``, say what it is."""
    own_form = re.compile(form) if form else None

    def check(candidate: Candidate) -> str | None:
        raw = candidate.match.group()
        number = bare(raw)
        if not test(number):
            return None
        if own_form is not None and own_form.fullmatch(raw):
            return number
        return number if _WORDS[words].search(candidate.around()) else None

    return check


def _rule(triggers: tuple[bytes, ...], exact: str, check: Callable[[Candidate], str | None]) -> Rule:
    pattern = re.compile(rf"(?<![\w.\-/])(?:{exact})(?![\w]|[.\-/]\w)")
    return Rule("NATIONAL_ID", 4, triggers, 32, 32, pattern, check)


_RUN = (rb"\b\d{8,15}\b",)
_DOTS = (rb"\b\d{3,4}\.\d{2,3}\.\d{3}\b",)

RULES: Final = (
    _rule(_RUN + _DOTS, r"\d{8,9}|\d{3}\.\d{3}\.\d{3}|\d{4}\.\d{2}\.\d{3}", _with(is_bsn, "nl", r"\d+\.\d+\.\d+")),
    _rule(
        (*_RUN, rb"\b\d{2}\.\d{2}\.\d{2}[ \-]\d{3}[.\-]\d{2}\b"),
        r"\d{11}|\d{2}\.\d{2}\.\d{2}[ \-]\d{3}[.\-]\d{2}",
        _with(is_belgian, "be", r"\d{2}\..*"),
    ),
    _rule(
        (*_RUN, rb"\b\d{2} \d{3} \d{3} \d{3}\b"),
        r"\d{11}|\d{2} \d{3} \d{3} \d{3}",
        _with(is_steuer_id, "de", r".* .*"),
    ),
    _rule(
        (*_RUN, rb"\b[12][ .]?\d{2}[ .]?\d{2}[ .]?(?:\d{2}|2[AaBb])[ .]?\d{3}[ .]?\d{3}[ .]?\d{2}\b"),
        r"[12][ .]?\d{2}[ .]?\d{2}[ .]?(?:\d{2}|2[AaBb])[ .]?\d{3}[ .]?\d{3}[ .]?\d{2}",
        _with(is_nir, "fr", r"[12][ .].*|.*[ABab].*"),
    ),
    _rule(
        (rb"\b(?:[XYZxyz]-?\d{7}|\d{8}|\d{2}\.\d{3}\.\d{3})-?[A-Za-z]\b",),
        r"(?:[XYZxyz]-?\d{7}|\d{8}|\d{2}\.\d{3}\.\d{3})-?[A-Za-z]",
        _with(is_dni, "es", r"[XYZ].*[A-Z]|\d\d\..*|.*-[A-Z]"),
    ),
    _rule(
        (rb"\b[A-Za-z]{2} ?\d{2} ?\d{2} ?\d{2} ?[A-Da-d]\b",),
        r"(?:(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]|[a-z]{2}) ?\d{2} ?\d{2} ?\d{2} ?[A-Da-d]",
        _with(lambda _: True, "nino", r"[A-Z]{2} \d{2} \d{2} \d{2} [A-D]"),
    ),
    _rule((*_RUN, rb"\b\d{3}[ \-]\d{3}[ \-]\d{4}\b"), r"\d{10}|\d{3}([ \-])\d{3}[ \-]\d{4}", _with(is_nhs, "nhs")),
    _rule(
        (*_RUN, rb"\b\d{3}[ \-]\d{2}[ \-]\d{4}\b"),
        r"\d{9}|\d{3}[ \-]\d{2}[ \-]\d{4}",
        _with(is_ssn, "ssn", r"\d+-\d+-\d+"),
    ),
    _rule(_RUN, r"\d{11}", _with(is_pesel, "pl")),
    _rule(
        (rb"\b[A-Za-z]{6}\d{2}[A-Ea-eHhLlMmPpRrSsTt]\d{2}[A-Za-z]\d{3}[A-Za-z]\b",),
        r"[A-Za-z]{6}\d{2}[A-Ea-eHhLlMmPpRrSsTt]\d{2}[A-Za-z]\d{3}[A-Za-z]",
        _with(is_codice_fiscale, "it", r".*"),
    ),
)
