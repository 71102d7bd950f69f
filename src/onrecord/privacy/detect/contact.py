"""E-mail addresses, telephone numbers and IP addresses."""

import ipaddress
import re
from collections.abc import Sequence
from functools import partial
from typing import Final

import phonenumbers

from onrecord.privacy.detect.finding import Candidate, Rule

DEFAULT_REGIONS: Final = ("NL", "BE", "DE", "FR", "ES", "GB", "US")
"""Countries whose national notation of telephone numbers is read, in this order; ``+`` notation is read for all."""

_EMAIL = re.compile(
    r"(?<![\w.+\-])(?:(?<=%)[0-9A-Fa-f]{2}|(?<=\\)[nrtbf])?(?P<value>(?P<local>\w[\w.+\-']{0,63}+)"
    r"(?:@|%40|\ ?[\[(](?:at|@)[\])]\ ?)"
    r"(?P<host>(?:[^\W_][\w\-]{0,62}(?:\.|\ ?[\[(](?:dot|\.)[\])]\ ?)){1,8}[^\W\d_]{2,24}))(?![\w@])",
    re.VERBOSE,
)
_FILES = frozenset(
    (
        "bz2", "css", "gif", "gz", "html", "jpeg", "jpg", "js", "json", "map", "min", "mjs", "pdf", "png", "svg",
        "tgz", "toml", "ts", "tsx", "txt", "whl", "xml", "yaml", "yml", "zip",
    )
)  # fmt: skip
"""Last labels that are file names: ``lodash@4.17.21.tgz``."""
_MACHINES = frozenset(("git", "hg", "svn"))


def _email(candidate: Candidate) -> str | None:
    host = re.sub(r"\s?[\[(](?:dot|\.)[\])]\s?", ".", candidate.match["host"])
    local = candidate.match["local"]
    if host.rsplit(".", 1)[-1].lower() in _FILES or candidate.before(3).endswith("//"):
        return None
    if local.lower() in _MACHINES and candidate.text[candidate.match.end() : candidate.match.end() + 1] in (":", "/"):
        return None
    return f"{local}@{host}".lower()


_PHONE_WORDS = re.compile(
    r"tel|phone|fono|foon|mobil|mobiel|handy|m[oó]vil|portable|gsm|fax|whatsapp|sms|call|bel |bellen|rufnummer|anruf|"
    r"appel|ll[aá]m|num[eé]ro|nummer"
)
_PHONE = re.compile(
    r"(?<![\w.+\-/])(?:\+|00)\ ?[1-9](?:[ .\-/()]{0,2}\d){6,14}(?![\w\-]|\.\d)"
    r"|(?<![\w.+\-/:])\(?0\)?[1-9](?:[ .\-/()]{0,2}\d){7,10}(?![\w\-:]|\.\d)"
    r"|(?<![\w.+\-/])(?:\(\d{3}\)\ ?|\d{3}[-.])\d{3}[-.]\d{4}(?![\w\-]|\.\d)"
    r"|(?<![\w.+\-/])[6789](?:\d{2}\ \d{3}\ \d{3}|\d{2}(?:\ \d{2}){3}|\d\ \d{3}\ \d{2}\ \d{2}|\d{8})"
    r"(?![\w\-]|\.\d|\ \d)",
    re.VERBOSE,
)
_GROUPS = re.compile(r"\d[ .\-/()]+\d")


def _phone(candidate: Candidate, regions: Sequence[str]) -> str | None:
    raw = candidate.match.group()
    international = raw.startswith(("+", "00"))
    number = "+" + raw[2:] if raw.startswith("00") else raw
    for region in (None,) if international else regions:
        try:
            parsed = phonenumbers.parse(number, region)
        except phonenumbers.NumberParseException:
            continue
        if not phonenumbers.is_valid_number(parsed):
            continue
        if international or _sure(candidate, raw, parsed):
            return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    return None


def _sure(candidate: Candidate, raw: str, parsed: phonenumbers.PhoneNumber) -> bool:
    """Whether a number in national notation may be taken for one: it is a mobile, is grouped, or words say so."""
    if _PHONE_WORDS.search(candidate.around()):
        return True
    if not raw.startswith(("0", "(")):
        return raw[0] in "67" and " " in raw
    return _GROUPS.search(raw) is not None or phonenumbers.number_type(parsed) == phonenumbers.PhoneNumberType.MOBILE


_IP4 = re.compile(r"(?<![\w.\-])(?:\d{1,3}\.){3}\d{1,3}(?![\w\-]|\.\w|/\d)")
_IP6 = re.compile(r"(?<![\w:.])(?=[0-9A-Fa-f:.]{0,40}:)[0-9A-Fa-f:]{2,39}(?::(?:\d{1,3}\.){3}\d{1,3})?(?![\w:])")
_VERSION = re.compile(
    r"(?:\bv|\bver\.?|versi[oó]n|version|versie|release|build|[a-z]/|[=<>~!]=|[~^]|§|section|chapter|kapitel|abschnitt|"
    r"paragraaf|hoofdstuk|chapitre|secci[oó]n|art[ií]culo|artikel|article|apartado|\boid)[\s:=\"']{0,3}$"
)
_VERSION_NEAR = re.compile(r"versi[oeó]|release|upgrade|downgrade|firmware")
_IP_WORDS = re.compile(r"\bips?\b|addr|host|adres|client|peer|remote|server|forwarded|network|socket|://|direcci")


def _ip4(candidate: Candidate) -> str | None:
    raw = candidate.match.group()
    numbers = raw.split(".")
    if any(int(number) > 255 or (number[0] == "0" and number != "0") for number in numbers):  # noqa: PLR2004 - a byte
        return None
    if numbers[0] in ("0", "127", "255") or _VERSION.search(candidate.before(24).lower()):
        return None
    around = candidate.around()
    if all(len(number) == 1 for number in numbers) or _VERSION_NEAR.search(around):
        return raw if _IP_WORDS.search(around) else None
    return raw


def _ip6(candidate: Candidate) -> str | None:
    raw = candidate.match.group().rstrip(":") if candidate.match.group().endswith(":") else candidate.match.group()
    groups = [group for group in raw.split(":") if group]
    if len(groups) < 3 or not any(char.isdigit() for char in raw):  # noqa: PLR2004 - C++ names have fewer
        return None
    try:
        address = ipaddress.IPv6Address(raw)
    except ValueError:
        return None
    return None if address.is_loopback or address.is_unspecified else str(address)


def rules(regions: Sequence[str] = DEFAULT_REGIONS) -> tuple[Rule, ...]:
    """The rules of this page; telephone numbers in national notation are read for ``regions`` (ISO 3166)."""
    digits = rb"(?:[ .\-/()]{0,2}\d)"
    phone = (
        rb"(?:\+|\b00) ?[1-9]" + digits + rb"{6}",
        rb"\b0\)?[1-9]" + digits + rb"{7}",
        rb"\d{3}(?:\) ?|[-.])\d{3}[-.]\d{4}",
        rb"\b[6789](?:\d{2} \d{3} \d{3}|\d{2}(?: \d{2}){3}|\d \d{3} \d{2} \d{2}|\d{8}\b)",
    )
    return (
        Rule("EMAIL", 3, (rb"[\w\x80-\xff](?:@|%40| ?[\[(](?:at|@)[\])] ?)[\w\x80-\xff]",), 340, 80, _EMAIL, _email),
        Rule("PHONE", 6, phone, 48, 48, _PHONE, partial(_phone, regions=regions)),
        Rule("IP", 5, (rb"\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d",), 8, 20, _IP4, _ip4),
        Rule("IP", 5, (rb"(?:[0-9A-Fa-f]{1,4}:){3}", rb"[0-9A-Fa-f]::[0-9A-Fa-f]"), 60, 60, _IP6, _ip6),
    )
