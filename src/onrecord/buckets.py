"""Token buckets, in memory, of a bounded number: how often somebody may do something."""

from collections import OrderedDict

import msgspec


class Rate(msgspec.Struct, frozen=True):
    """A bucket's size and how fast it fills."""

    burst: float
    per_s: float


class Buckets:
    """Buckets by name, the longest unused forgotten beyond a number."""

    def __init__(self, rate: Rate, most: int) -> None:
        self._rate = rate
        self._most = most
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait_s(self, name: str, now_s: float) -> float:
        """Take one; 0 when there was one, else the seconds until there is."""
        left, seen_s = self._left.pop(name, (self._rate.burst, now_s))
        left = min(self._rate.burst, left + max(0.0, now_s - seen_s) * self._rate.per_s)
        taken = left >= 1
        self._left[name] = (left - 1 if taken else left, now_s)
        while len(self._left) > self._most:
            self._left.popitem(last=False)
        return 0.0 if taken else (1 - left) / self._rate.per_s

    def __len__(self) -> int:
        return len(self._left)
