"""``python -m bench.client``: what recording costs an application, per traced call.

A traced function that does nothing is called by one thread of a fresh process, once at a pace (a call every 2 ms, as a
busy application may have) and once as fast as it can, with the server running and with no server at all. Measured is
the whole call as the caller sees it; the same function without the decorator is taken off.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench import machine
from bench.load import quantile_of
from bench.server import serving

QUESTION = "How do I change the delivery address of an order that is already on its way? " * 4
NOBODY = "http://127.0.0.1:9"
_PACE_S = 0.002


def measured(calls: int, pace_s: float) -> dict[str, float]:
    """In the process of the application: seconds per call, and what became of the records."""
    import onrecord  # noqa: PLC0415

    def plain(question: str, user: int) -> str:
        return question[user % 7 :]

    traced = onrecord.trace(plain)
    seconds: dict[str, list[float]] = {"plain": [], "traced": []}
    for name, function in (("plain", plain), ("traced", traced)):
        for number in range(calls):
            began = time.perf_counter()
            function(QUESTION, number)
            seconds[name].append(time.perf_counter() - began)
            if pace_s:
                time.sleep(pace_s)
    base = quantile_of(seconds["plain"], 0.5)
    status = onrecord.status()
    flushed = onrecord.flush(20)
    return {
        "p50_us": (quantile_of(seconds["traced"], 0.5) - base) * 1e6,
        "p99_us": (quantile_of(seconds["traced"], 0.99) - base) * 1e6,
        "max_us": (max(seconds["traced"]) - base) * 1e6,
        "dropped": float(onrecord.status()["dropped"]),
        "in_memory": float(status["in_memory"]),
        "acknowledged": float(onrecord.status()["acknowledged"]),
        "flushed": float(flushed),
    }


def run(endpoint: str, key: str, calls: int, pace_s: float) -> dict[str, float]:
    """One run in a process of its own."""
    with tempfile.TemporaryDirectory() as spool:
        arguments = ["--inside", endpoint, "--key", key, "--spool", spool, "--calls", str(calls), "--pace", str(pace_s)]
        done = subprocess.run(
            [sys.executable, "-m", "bench.client", *arguments], capture_output=True, text=True, check=True
        )
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    """Measure, or be measured."""
    parser = argparse.ArgumentParser(prog="python -m bench.client", description=__doc__)
    parser.add_argument("--calls", type=int, default=5_000)
    parser.add_argument("--inside", default="", help=argparse.SUPPRESS)
    parser.add_argument("--key", default="", help=argparse.SUPPRESS)
    parser.add_argument("--spool", default="", help=argparse.SUPPRESS)
    parser.add_argument("--pace", type=float, default=0.0, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.inside:
        import onrecord  # noqa: PLC0415

        onrecord.init(
            endpoint=chosen.inside, api_key=chosen.key, spool=chosen.spool, application="bench", instrument=False,
            exit_seconds=0,
        )  # fmt: skip
        print(json.dumps(measured(chosen.calls, chosen.pace)))
        return
    print(f"{machine.describe()}; {machine.busy_elsewhere():.0%} of it busy with other work before the run")
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder) / "data") as server:
        places = (("server running", server.url, server.key), ("server away", NOBODY, ""))
        for pace, words in ((_PACE_S, "a call every 2 ms"), (0.0, "as fast as it can")):
            for place, url, key in places:
                found = run(url, key, chosen.calls, pace)
                print(f"{words}, {place}: " + ", ".join(f"{name} {value:,.0f}" for name, value in found.items()))


if __name__ == "__main__":
    main()
