"""Make the zstd dictionary that vault bodies are compressed with, from the demo's invented conversations only.

``python -m bench.dictionary NUMBER`` writes ``src/onrecord/vault/dictionary-NUMBER.zdict``. A dictionary that has been
used is never made again: give the next one the next number.
"""

import random
import sys
from pathlib import Path

import msgspec
import zstandard

from onrecord.demo.traffic import Traffic
from onrecord.demo.wire import requests
from onrecord.ingest.prepare import prepare
from onrecord.ingest.project import ProjectRuntime
from onrecord.model.project import Project
from onrecord.receive.port import Delivery
from onrecord.vault.history import History

_BYTES = 16_384
_TRACES = 2_500
_PROJECT = Project(id="0" * 16, number=2, name="default")


def samples(seed: int) -> list[bytes]:
    """Bodies of the demo's traces, each laid out as the commit thread lays them out."""
    runtime = ProjectRuntime(_PROJECT, b"p" * 32, b"l" * 32)
    encode = msgspec.msgpack.Encoder().encode
    traces = Traffic(seed).past(1_790_000_000_000_000_000, 48 * 3_600 * 10**9, _TRACES)
    histories: dict[bytes, History] = {}
    made = []
    for number, trace in enumerate(traces):
        body, _ = requests([trace], random.Random(seed + number))
        delivery = Delivery(project=_PROJECT, signal="traces", media="protobuf", body=body)
        for item in prepare(delivery, runtime, 0).items:
            history = histories.setdefault(item.session or item.trace, History())
            made.append(encode(history.encode(len(made) + 1, item.salt, item.shape, item.slots, item.digests)))
    return made


def main() -> None:
    """Train and write."""
    number = int(sys.argv[1])
    taught = samples(number)
    dictionary = zstandard.train_dictionary(_BYTES, taught, dict_id=number, level=1)
    target = Path(__file__).parents[1] / "src" / "onrecord" / "vault" / f"dictionary-{number}.zdict"
    target.write_bytes(dictionary.as_bytes())
    print(f"{target.name}: {len(dictionary.as_bytes())} bytes, from {len(taught)} bodies")


if __name__ == "__main__":
    main()
