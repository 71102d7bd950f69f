"""The zstd dictionaries that bodies were compressed with, by the id that each frame names.

Made from synthetic text only (``python -m bench.dictionary``, from the demo's conversations); one that has ever been
used stays for ever, or the records of its time would not open. The second one saves 270 of 1,220 bytes of a body of the
benchmark's workload, whose words it has never seen: what it knows is the layout.
"""

from importlib.resources import files
from typing import Final

import zstandard

NUMBERS: Final = (1_000_001, 1_000_002)
"""The ids of every dictionary that a stored body may name."""
NEWEST: Final = NUMBERS[-1]
"""The one that new bodies are compressed with."""


def load(number: int) -> zstandard.ZstdCompressionDict:
    """The dictionary with that id."""
    return zstandard.ZstdCompressionDict((files("onrecord.vault") / f"dictionary-{number}.zdict").read_bytes())
