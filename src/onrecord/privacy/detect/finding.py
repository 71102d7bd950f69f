"""Findings and rules: the two values that every detector speaks in."""

import re
from collections.abc import Callable
from typing import NamedTuple

CONTEXT_BEFORE = 48
"""Characters before a candidate that are read for words such as ``BSN`` or ``tel.``."""
CONTEXT_AFTER = 20
"""The same after it: "123456782 (BSN)"."""


class Finding(NamedTuple):
    """One value found in a text: where, what it is, and its canonical form (for a card: its last four digits)."""

    start: int
    end: int
    label: str
    canonical: str
    rank: int


class Candidate(NamedTuple):
    """What a rule's check sees."""

    match: re.Match[str]
    text: str
    hint: str
    """Words of the map key under which the text stands, lower case; empty for free text."""
    value: str
    """What would be replaced."""

    def around(self) -> str:
        """The words around the candidate and its key, lower case."""
        start, end = self.match.span()
        before = self.text[max(0, start - CONTEXT_BEFORE) : start]
        return f"{self.hint} {before} | {self.text[end : end + CONTEXT_AFTER]}".lower()

    def before(self, characters: int) -> str:
        """The characters right before the candidate."""
        start = self.match.start()
        return self.text[max(0, start - characters) : start]


class Rule(NamedTuple):
    """How one kind of value is found.

    ``triggers`` are byte patterns of the subset that Hyperscan and RE2 share. Every value has the end of one of them
    at most ``ahead`` characters before its end and at most ``back`` after its start, context aside. ``exact`` runs only
    there and has bounded repeats only. What is replaced is what ``tail`` matches right after it, else its group
    ``value`` or ``bare``, else the whole match. ``check`` returns the canonical form, or None when it is not a value.
    """

    label: str
    rank: int
    """Lower wins where findings overlap."""
    triggers: tuple[bytes, ...]
    ahead: int
    back: int
    exact: re.Pattern[str]
    check: Callable[[Candidate], str | None]
    tail: re.Pattern[str] | None = None
