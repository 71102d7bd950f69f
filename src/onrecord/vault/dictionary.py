"""The zstd dictionaries that bodies were compressed with, by the id that each frame names.

Made from synthetic text only (``python -m bench.dictionary``); one that has ever been used stays for ever, or the
records of its time would not open.
"""

from importlib.resources import files
from typing import Final

import zstandard

NUMBERS: Final = (1_000_001,)
"""The ids of every dictionary that a stored body may name."""
NEWEST: Final = NUMBERS[-1]
"""The one that new bodies are compressed with."""


def load(number: int) -> zstandard.ZstdCompressionDict:
    """The dictionary with that id."""
    return zstandard.ZstdCompressionDict((files("onrecord.vault") / f"dictionary-{number}.zdict").read_bytes())
