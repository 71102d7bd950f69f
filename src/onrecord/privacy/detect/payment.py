"""Bank accounts (IBAN, ISO 13616) and payment cards (ISO/IEC 7812)."""

import re
from typing import Final

from onrecord.privacy.detect.finding import Candidate, Rule

_LENGTHS: Final = {
    "AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BR": 29, "BY": 28,
    "CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "DO": 28, "EE": 20, "EG": 29, "ES": 24, "FI": 18,
    "FO": 18, "FR": 27, "GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "GT": 28, "HR": 21, "HU": 28, "IE": 22,
    "IL": 23, "IQ": 23, "IS": 26, "IT": 27, "JO": 30, "KW": 30, "KZ": 20, "LB": 28, "LC": 32, "LI": 21, "LT": 20,
    "LU": 20, "LV": 21, "LY": 25, "MC": 27, "MD": 24, "ME": 22, "MK": 19, "MR": 27, "MT": 31, "MU": 30, "NL": 18,
    "NO": 15, "PK": 24, "PL": 28, "PS": 29, "PT": 25, "QA": 29, "RO": 24, "RS": 22, "SA": 24, "SC": 31, "SE": 24,
    "SI": 19, "SK": 24, "SM": 27, "ST": 25, "SV": 28, "TN": 24, "TR": 26, "UA": 29, "VA": 22, "VG": 24, "XK": 20,
}  # fmt: skip
"""Length of an IBAN by country, from the SWIFT registry."""

_SHAPES = "|".join(
    f"{country}[0-9]{{2}}(?:[ \\-]?[A-Z0-9]){{{length - 4}}}" for country, length in sorted(_LENGTHS.items())
)
_IBAN = re.compile(rf"(?<![A-Za-z0-9])(?:{_SHAPES})(?![A-Za-z0-9])", re.IGNORECASE)
_CARD = re.compile(
    r"(?<![A-Za-z0-9_.])(?<![A-Za-z0-9]-)"
    r"(?:\d{14,16}|\d{19}|\d{4}([ \-])\d{4}\1\d{4}\1\d{4}(?:\1\d{3})?|\d{4}([ \-])\d{6}\2\d{4,5})"
    r"(?![A-Za-z0-9_]|-\w|\.\d)"
)
_SEPARATORS = re.compile(r"[ \-]")


def _iban(candidate: Candidate) -> str | None:
    raw = candidate.match.group()
    account = _SEPARATORS.sub("", raw).upper()
    if raw != raw.upper() and len(raw) == len(account) and "iban" not in candidate.around():
        return None  # hexadecimal digests look like this
    return account if mod97(account[4:] + account[:4]) == 1 else None


def mod97(text: str) -> int:
    """ISO 7064 remainder: letters count from A = 10."""
    return int("".join([str(int(char, 36)) for char in text])) % 97


def _card(candidate: Candidate) -> str | None:
    digits = _SEPARATORS.sub("", candidate.match.group())
    return digits[-4:] if issued(digits) and luhn(digits) and len(set(digits)) > 1 else None


_ISSUED: Final = re.compile(
    r"4(?:\d{15}|\d{18})"  # Visa
    r"|5[1-5]\d{14}|(?:222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)\d{12}"  # Mastercard
    r"|3[47]\d{13}"  # American Express
    r"|3(?:0[0-5]|[68]\d)\d{11}"  # Diners Club
    r"|(?:6011|65\d\d|64[4-9]\d|62\d\d)(?:\d{12}|\d{15})"  # Discover, UnionPay
    r"|35(?:2[89]|[3-8]\d)\d{12}"  # JCB
)


def issued(digits: str) -> bool:
    """Whether an issuer gives out numbers of this beginning and length (ISO/IEC 7812 ranges in use)."""
    return _ISSUED.fullmatch(digits) is not None


def luhn(digits: str) -> bool:
    """The check digit of ISO/IEC 7812-1 annex B."""
    doubled = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)
    numbers = [int(digit) for digit in reversed(digits)]
    return (sum(numbers[::2]) + sum(doubled[number] for number in numbers[1::2])) % 10 == 0


RULES: Final = (
    Rule("IBAN", 1, (rb"\b[A-Za-z]{2}\d{2}(?:[ \-]?[A-Za-z0-9]){11}",), 40, 80, _IBAN, _iban),
    Rule(
        "CARD",
        2,
        (rb"\b\d{14}", rb"\b\d{4}([ \-])\d{4}[ \-]\d{4}[ \-]\d", rb"\b\d{4}[ \-]\d{6}[ \-]\d"),
        32,
        32,
        _CARD,
        _card,
    ),
)
