"""The zstd dictionaries that bodies were compressed with, by the id that each frame names.

Made from synthetic text only (``python -m bench.dictionary`` remakes the newest byte for byte); one that has ever been
used stays for ever, or the records of its time would not open.
"""

from importlib.resources import files
from typing import Final

import zstandard


def _load(name: str) -> zstandard.ZstdCompressionDict:
    return zstandard.ZstdCompressionDict((files("onrecord.vault") / name).read_bytes())


NEWEST: Final = 1_000_001
"""The id of the dictionary that new bodies are compressed with."""
DICTIONARIES: Final = {NEWEST: _load("dictionary-1000001.zdict")}
"""Every dictionary that a stored body may name."""
