"""The trigger engines: which byte patterns end where in a text, in time linear in the text.

Hyperscan compiles all patterns into one automaton (about 2 µs for 600 characters); RE2 does the same work where
Hyperscan cannot be imported, some ten times slower. Both answer to one conformance suite. Neither sees a text's
meaning: a trigger only says where an exact rule is worth running.
"""

import threading
from collections.abc import Sequence
from typing import Any, Protocol

import re2

try:
    import hyperscan

    HAS_HYPERSCAN = True
except ImportError:  # no wheel for this platform
    HAS_HYPERSCAN = False

_RE2_MEMORY = 256 * 1024 * 1024
"""Bytes RE2 may use for its automaton: beyond it a set would answer "nothing" without saying why."""
Hit = tuple[int, int]
"""Number of the pattern, end of the match in bytes."""


class Engine(Protocol):
    """Contract of ``scan``: for each pattern that occurs the ends of at least its leftmost non-overlapping matches.

    In any order; empty when nothing occurs. Several threads may call it at once.
    """

    def scan(self, raw: bytes) -> list[Hit]:
        """Where triggers end in ``raw``."""
        ...


class HyperscanEngine:
    """All patterns in one Hyperscan database; each thread has its own scratch space."""

    def __init__(self, patterns: Sequence[bytes]) -> None:
        self._database: Any = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
        self._database.compile(
            expressions=list(patterns),
            ids=list(range(len(patterns))),
            elements=len(patterns),
            flags=[hyperscan.HS_FLAG_DOTALL] * len(patterns),
        )
        self._threads = threading.local()

    def scan(self, raw: bytes) -> list[Hit]:
        """Where triggers end in ``raw``."""
        hits: list[Hit] = []
        try:
            scratch = self._threads.scratch
        except AttributeError:
            scratch = self._threads.scratch = hyperscan.Scratch(self._database)
        self._database.scan(raw, match_event_handler=_collect, context=hits, scratch=scratch)
        return hits


def _collect(number: int, _start: int, end: int, _flags: int, hits: list[Hit]) -> None:
    hits.append((number, end))


class Re2Engine:
    """One RE2 set that says which patterns occur, then each of these alone for its places."""

    def __init__(self, patterns: Sequence[bytes]) -> None:
        options = re2.Options()
        options.encoding = re2.Options.Encoding.LATIN1
        options.dot_nl = True
        options.log_errors = False
        options.max_mem = _RE2_MEMORY
        self._set: Any = re2.Set.SearchSet(options)
        for pattern in patterns:
            self._set.Add(pattern)
        self._set.Compile()
        self._patterns = [re2.compile(pattern, options) for pattern in patterns]

    def scan(self, raw: bytes) -> list[Hit]:
        """Where triggers end in ``raw``."""
        numbers = self._set.Match(raw) or ()
        return [(number, match.end()) for number in numbers for match in self._patterns[number].finditer(raw)]


def best_engine(patterns: Sequence[bytes]) -> Engine:
    """Hyperscan where it can be imported, else RE2."""
    return HyperscanEngine(patterns) if HAS_HYPERSCAN else Re2Engine(patterns)
