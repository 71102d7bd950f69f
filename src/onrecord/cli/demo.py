"""``onrecord demo``: a throw-away server with invented AI traffic, until Ctrl-C. Nothing of it stays.

Exit codes: 0 stopped by Ctrl-C or SIGTERM; 70 the server ended by itself.
"""

import contextlib
import random
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Final

import click
from rich.console import Console
from rich.text import Text

from onrecord.cli.verify import show
from onrecord.errors import Rejected
from onrecord.governance.verdict import verify_data
from onrecord.model.time import SystemClock

if TYPE_CHECKING:  # the help of this command must not need the server's packages
    from onrecord.demo.play import DemoServer
    from onrecord.demo.step import Trace

_BACKFILL_NS: Final = 48 * 3_600 * 10**9
_PER_REQUEST: Final = 6


@click.command("demo", short_help="Start a throw-away server and play AI traffic into it.")
@click.option("--traces", default=250, show_default=True, type=click.IntRange(1, 20_000), help="Of the last two days.")
@click.option("--rate", default=1.5, show_default=True, type=click.FloatRange(0.05, 20), help="New traces a second.")
@click.option("--seed", default=7, show_default=True, help="The same seed tells the same stories.")
@click.option("--port", default=0, type=click.IntRange(0, 65535), help="Port [4318 when it is free, else any].")
@click.option("--keep", type=click.Path(path_type=Path), help="Keep the data in this new directory.")
@click.option("--once", is_flag=True, help="Stop after the traces of the last two days.")
def command(*, traces: int, rate: float, seed: int, port: int, keep: Path | None, once: bool) -> int:
    """Start a server with a directory and keys of its own and play invented AI traffic into it, until Ctrl-C.

    Nobody in the traffic is real, no model is called and nothing leaves this machine. The directory is removed at
    the end, unless --keep names one.
    """
    from onrecord.demo.play import demo_server, free_port  # noqa: PLC0415
    from onrecord.demo.traffic import Traffic  # noqa: PLC0415

    clock, traffic, ids = SystemClock(), Traffic(seed), random.Random(seed)  # noqa: S311 - invented ids
    with _stop_on_signals() as stopping, _place(keep) as data:
        _say(("Starting a server with a directory of its own ...", "dim"))
        with demo_server(data, port or free_port()) as server:
            server.wait(stopping.is_set)
            if not stopping.is_set():
                _welcome(server.url, server.login)
                _play_past(server, traffic.past(clock.now_us() * 1_000, _BACKFILL_NS, traces), ids, stopping)
                server.settle(stopping.is_set)
            if not stopping.is_set():
                _own_application(server.url)
                _say(("Is all of it as it was recorded?  ", ""), (f"onrecord verify {data}", "bold"))
                show(verify_data(data, server.keys))
                _say()
            if not once and not stopping.is_set():
                _say(("New traces keep coming. ", ""), ("Ctrl-C", "bold"), (" stops the server.", ""))
                sys.stdout.flush()
                _play_on(lambda: server.play([traffic.present(clock.now_us() * 1_000)], ids), rate, ids, stopping)
            _say(("Stopping ...", "dim"))
    _say((f"Stopped. Data in {data}, keys in {server.keys}." if keep else "Stopped; nothing of it is left.", "dim"))
    return 0


def _play_past(
    server: "DemoServer", past: "list[tuple[Trace, int]]", ids: random.Random, stopping: threading.Event
) -> None:
    """Send what happened before, in order: a list shows first what was received last."""
    from onrecord.demo.step import laid_out  # noqa: PLC0415

    spans = sum(1 for trace, _ in past for _ in laid_out(trace.root))
    _say((f"Playing {len(past):,} traces of the last two days into it, over OTLP ...", "dim"))
    sys.stdout.flush()
    for at in range(0, len(past), _PER_REQUEST):
        if stopping.is_set():
            return
        server.play(past[at : at + _PER_REQUEST], ids)
    _say((f"{len(past):,} traces of {spans:,} spans are on the record.", ""))
    _say()


def _play_on(send: Callable[[], None], rate: float, ids: random.Random, stopping: threading.Event) -> None:
    """Send new traces at an uneven pace until it is enough."""
    while not stopping.wait(ids.uniform(0.4, 1.6) / rate):
        send()


def _welcome(url: str, login: str) -> None:
    """Where to look; said before anything else, so that a person can begin."""
    _say()
    _say(("onrecord", "bold"), (f" runs at {url} with ", ""), ("demo data", "bold"), (".", ""))
    _say()
    _say(("  Log in (once, within the hour):  ", ""), (login, "bold cyan"))
    _say()


def _own_application(url: str) -> None:
    """The lines that point somebody's own program here."""
    _say(("Your own application, beside the demo's ", ""), ("(no key is needed from this machine):", "dim"))
    _say()
    _say((f"  export OTEL_EXPORTER_OTLP_ENDPOINT={url}", "cyan"))
    _say(("  export OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf", "cyan"))
    _say()
    python = "opentelemetry-distro opentelemetry-exporter-otlp opentelemetry-instrumentation-openai-v2"
    _say(("  Python      ", "bold"), (f"pip install {python}", ""))
    _say(("              opentelemetry-instrument python your_app.py", ""))
    node = "@opentelemetry/api @opentelemetry/auto-instrumentations-node"
    _say(("  JavaScript  ", "bold"), (f"npm install {node}", ""))
    _say(("              node --require @opentelemetry/auto-instrumentations-node/register your_app.js", ""))
    _say()


def _say(*words: tuple[str, str]) -> None:
    """A line of words with their styles; plain in a pipe."""
    Console(soft_wrap=True, highlight=False).print(Text.assemble(*words))


@contextlib.contextmanager
def _place(keep: Path | None) -> Iterator[Path]:
    """The data directory, with room beside it for keys and output: a temporary one, removed at the end, or ``keep``."""
    if keep is None:
        with tempfile.TemporaryDirectory(prefix="onrecord-demo-") as folder:
            yield Path(folder) / "data"
        return
    data = keep.expanduser().absolute()
    if data.exists() and (not data.is_dir() or any(data.iterdir())):
        raise Rejected(
            "The directory of --keep is not empty.", hint="Name a new one: the demo never mixes into real data."
        )
    data.parent.mkdir(parents=True, exist_ok=True)
    yield data


@contextlib.contextmanager
def _stop_on_signals() -> Iterator[threading.Event]:
    """Ctrl-C, SIGTERM and a closed terminal ask to stop; a second one does not interrupt the clearing up."""
    stopping = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopping.set()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield stopping
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
