"""All applications at once: what happened up to now, and what goes on happening.

The same seed tells the same stories in the same order. Turns of one conversation lie some time apart, with those of
others between them. By night there is less.
"""

import heapq
import math
import random
from collections.abc import Iterator

from onrecord.demo.material import Dice
from onrecord.demo.office import Claims, Coding, Handbook
from onrecord.demo.research import Research
from onrecord.demo.shop import Shop
from onrecord.demo.step import Trace, length_ms

_WEIGHTS = (46, 22, 14, 12, 6)
_SECOND = 1_000_000_000
_DAY_S = 86_400


class Traffic:
    """Traces, each with its start in Unix nanoseconds."""

    def __init__(self, seed: int) -> None:
        self.dice = Dice(random.Random(seed))  # noqa: S311 - chance for stories, not for secrets
        self._sources = (
            Shop(self.dice),
            Handbook(self.dice),
            Claims(self.dice),
            Coding(self.dice),
            Research(self.dice),
        )
        self._waiting: list[tuple[int, int, Iterator[Trace]]] = []
        self._number = 0

    def past(self, now_ns: int, length_ns: int, count: int) -> list[tuple[Trace, int]]:
        """So many traces that began within ``length_ns`` before now and have ended, the oldest first."""
        told: list[tuple[Trace, int]] = []
        while len(told) < count:
            at_ns = self._by_day(now_ns - length_ns, now_ns)
            for trace in self._conversation():
                ended_ns = at_ns + length_ms(trace.root) * 1_000_000
                if ended_ns > now_ns:
                    break
                told.append((trace, at_ns))
                at_ns = ended_ns + self._pause_ns(20, 90)
        told.sort(key=lambda one: one[1])  # lists are in the order of receipt
        return told[-count:]

    def present(self, now_ns: int) -> tuple[Trace, int]:
        """A trace that ends now: the next turn of a conversation whose pause is over, else the first of a new one."""
        while True:
            talk = heapq.heappop(self._waiting)[2] if self._waiting and self._waiting[0][0] <= now_ns else None
            talk = talk or self._conversation()
            trace = next(talk, None)
            if trace is not None:
                self._number += 1
                heapq.heappush(self._waiting, (now_ns + self._pause_ns(8, 40), self._number, talk))
                return trace, now_ns - length_ms(trace.root) * 1_000_000

    def _conversation(self) -> Iterator[Trace]:
        return self.dice.rng.choices(self._sources, _WEIGHTS)[0].conversation()

    def _pause_ns(self, least_s: float, most_s: float) -> int:
        return int(self.dice.rng.uniform(least_s, most_s) * _SECOND)

    def _by_day(self, start_ns: int, end_ns: int) -> int:
        """An instant, more likely around two in the afternoon than at night."""
        while True:
            at_ns = self.dice.rng.randrange(start_ns, end_ns)
            hour = at_ns // _SECOND % _DAY_S / 3_600
            if self.dice.rng.random() < 0.55 + 0.45 * math.cos((hour - 14) / 24 * 2 * math.pi):
                return at_ns
