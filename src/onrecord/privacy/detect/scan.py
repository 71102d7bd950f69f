"""The detector: one scan for triggers, exact rules in the windows around them, one winner per character.

Linear in the text: the scan is one automaton, windows of a rule are merged before its exact pattern runs, and exact
patterns have bounded repeats. Nothing here knows what becomes of a finding.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache

from onrecord.privacy.detect import contact, national, payment, secret, view
from onrecord.privacy.detect.engine import Engine, Hit, best_engine
from onrecord.privacy.detect.finding import Candidate, Finding, Rule
from onrecord.privacy.pseudonym import TOKEN, TOKEN_TRIGGER

_ESCAPE = rb"\\u(?:00[2-7]|20[0-6]|ff)|:\\/\\/"
"""An escaped character in JSON text that a value may hide behind: the text is worth parsing."""


_BREAKS = re.compile(r"\\[nrtbf]")


class Detector:
    """Finds values by a set of rules. Stateless but for its engine; threads may share one."""

    def __init__(self, rules: Sequence[Rule], engine: Callable[[Sequence[bytes]], Engine] = best_engine) -> None:
        patterns = [(trigger, number) for number, rule in enumerate(rules) for trigger in rule.triggers]
        self.rules = tuple(rules)
        self._rule_of = [number for _, number in patterns]
        self._first_odd = len(patterns)
        self._escape = self._first_odd + len(view.TRIGGERS)
        self._engine = engine([*(trigger for trigger, _ in patterns), *view.TRIGGERS, _ESCAPE, TOKEN_TRIGGER])

    def hits(self, text: str) -> list[Hit]:
        """Where triggers end, in bytes of UTF-8; empty means that ``find`` would find nothing."""
        return self._engine.scan(_blanked(text).encode("utf-8", "surrogatepass"))

    def find(self, text: str, hint: str = "", hits: list[Hit] | None = None) -> list[Finding]:
        """Findings in order of position, none overlapping another. ``hits``: what ``hits(text)`` said, if known."""
        hits = self.hits(text) if hits is None else hits
        if not hits:
            return []
        seen = view.plain(_blanked(text))
        if any(self._first_odd <= number < self._escape for number, _ in hits):
            seen = view.view_of(seen.text)
            hits = self.hits(seen.text)
        found = _winners(list(self._candidates(seen.text, hits, hint)), seen.text)
        return [each._replace(start=seen.origin(each.start), end=seen.origin_end(each.end)) for each in found]

    def _candidates(self, text: str, hits: list[Hit], hint: str) -> Iterator[Finding]:
        ends: dict[int, list[int]] = {}
        for number, end in hits if text.isascii() else _in_characters(text, hits):
            if number < self._first_odd:
                ends.setdefault(self._rule_of[number], []).append(end)
        for number, places in ends.items():
            rule = self.rules[number]
            for start, end in _windows(places, rule.back, rule.ahead, len(text)):
                yield from _run(rule, text, start, end, hint)


def _blanked(text: str) -> str:
    """``text`` with escaped line breaks and tabs as blanks of the same length: a number may follow one."""
    return _BREAKS.sub("  ", text) if "\\" in text else text


def _run(rule: Rule, text: str, start: int, end: int, hint: str) -> Iterator[Finding]:
    seen = 0
    for match in rule.exact.finditer(text, start, end):
        if match.start() < seen or (match.end() == end < len(text)):
            continue  # inside the value before it, or cut by the window: a real one ends well inside
        span = _extent(rule, match)
        if span is None:
            continue
        seen = span[1]
        canonical = rule.check(Candidate(match, text, hint, text[span[0] : span[1]]))
        if canonical is not None:
            yield Finding(*span, rule.label, canonical, rule.rank)


def _extent(rule: Rule, match: re.Match[str]) -> tuple[int, int] | None:
    if rule.tail is not None:
        tail = rule.tail.match(match.string, match.end())
        return tail and tail.span()
    for group in ("value", "bare"):
        if group in match.re.groupindex and match[group]:
            return match.span(group)
    return match.span()


def _windows(ends: list[int], back: int, ahead: int, length: int) -> list[tuple[int, int]]:
    windows: list[tuple[int, int]] = []
    for end in sorted(ends):
        start, stop = max(0, end - back), min(length, end + ahead)
        if windows and start <= windows[-1][1]:
            windows[-1] = (windows[-1][0], stop)
        else:
            windows.append((start, stop))
    return windows


def _in_characters(text: str, hits: list[Hit]) -> Iterator[Hit]:
    raw = text.encode("utf-8", "surrogatepass")
    at_byte = at = 0
    for number, end in sorted(hits, key=lambda hit: hit[1]):
        while end < len(raw) and raw[end] & 0xC0 == 0x80:  # noqa: PLR2004 - a UTF-8 continuation byte
            end += 1  # noqa: PLW2901 - a trigger may end inside a character
        at += len(raw[at_byte:end].decode("utf-8", "surrogatepass"))
        at_byte = end
        yield number, at


def _winners(found: list[Finding], text: str) -> list[Finding]:
    if not found:
        return found
    taken = bytearray(len(text))
    if "<" in text:
        for token in TOKEN.finditer(text):
            taken[token.start() : token.end()] = b"\1" * (token.end() - token.start())
    won = []
    for each in sorted(found, key=lambda one: (one.rank, one.start - one.end, one.start)):
        if 1 not in taken[each.start : each.end]:
            taken[each.start : each.end] = b"\1" * (each.end - each.start)
            won.append(each)
    return sorted(won)


def detector(regions: tuple[str, ...] = contact.DEFAULT_REGIONS) -> Detector:
    """The detector with every rule; compiled once per set of regions (50 to 200 ms)."""
    return _detector(regions)


@cache
def _detector(regions: tuple[str, ...]) -> Detector:
    return Detector((*secret.RULES, *payment.RULES, *national.RULES, *contact.rules(regions)))
