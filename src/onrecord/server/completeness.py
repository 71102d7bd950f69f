"""The figures of completeness, read from the vault's newest file at most once a second."""

import threading
import time
from pathlib import Path
from typing import Final

from onrecord.model.time import Clock
from onrecord.vault.completeness import totals_of
from onrecord.vault.producers import Totals

_FRESH_S: Final = 1.0


class CompletenessFigures:
    """Totals over all projects."""

    def __init__(self, vault: Path, clock: Clock) -> None:
        self._vault = vault
        self._clock = clock
        self._lock = threading.Lock()
        self._totals = Totals()
        self._read_at = float("-inf")

    def totals(self) -> Totals:
        """The sums now."""
        with self._lock:
            if time.monotonic() - self._read_at > _FRESH_S:
                self._totals = totals_of(self._vault)
                self._read_at = time.monotonic()
            return self._totals

    def oldest_gap_ms(self) -> float:
        """How long the oldest gap has been there; 0 when there is none."""
        oldest_us = self.totals().oldest_us
        return 0.0 if oldest_us is None else max(0, self._clock.now_us() - oldest_us) / 1_000
