"""``onrecord import``: files of records into a running server, with progress; broken off, it goes on where it was.

Beside each file stands ``<file>.onrecord-import`` while it is under way: how far the server has acknowledged. Sending
the same again gives nothing twice, so losing that file costs time and nothing else.
"""

import contextlib
import sys
from pathlib import Path

import click
import msgspec
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from onrecord.cli.parcels import Parcel, Plain, opened, parcels
from onrecord.cli.say import say, say_error
from onrecord.cli.sender import Sender
from onrecord.durable import write_file
from onrecord.errors import Rejected
from onrecord.limits import BODY_BYTES
from onrecord.receive.port import Ack

_SHOWN = 10
NOT_UNDERSTOOD = 1


class Mark(msgspec.Struct, frozen=True):
    """How far an import has come."""

    url: str
    size: int
    mtime_ns: int
    upto: int


class Total(msgspec.Struct):
    """What became of the records of all files."""

    accepted: int = 0
    duplicates: int = 0
    rejected: int = 0

    def add(self, ack: Ack) -> None:
        """Count one answer."""
        self.accepted += ack.accepted - ack.duplicates
        self.duplicates += ack.duplicates
        self.rejected += ack.rejected


@click.command("import", short_help="Bring in files: OTLP, or JSON lines of plain interactions.")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--url", default="http://127.0.0.1:4318", show_default=True, help="Where the server listens.")
@click.option("--key", envvar="ONRECORD_API_KEY", default="", help="API key with the write scope [ONRECORD_API_KEY].")
@click.option("--again", is_flag=True, help="Begin at the beginning, also where an earlier import broke off.")
def command(files: tuple[Path, ...], url: str, key: str, *, again: bool) -> int:
    """Bring FILES into a running server: OTLP (protobuf, JSON, JSON lines) or JSON lines of plain interactions.

    Files may be compressed with gzip or zstd. Ids and times stay as they are; the records are marked as imported.
    Broken off, the same command goes on where it was.

    Exit codes: 0 everything is on the record; 1 some lines were not understood (named, and kept as dead letters).
    """
    total = Total()
    sender = Sender(url, key)
    try:
        with _progress() as progress:
            for path in files:
                _import(path, sender, progress, total, again=again)
    except KeyboardInterrupt:
        say_error("Broken off.", "The same command goes on where it was.")
        raise
    already = f", {total.duplicates:,} were there already" if total.duplicates else ""
    say(f"{total.accepted:,} records imported{already}.")
    if total.rejected:
        say_error(
            f"{total.rejected:,} records could not be understood.",
            "They are kept sealed for seven days; mend the file and run the same command with --again.",
        )
    return NOT_UNDERSTOOD if total.rejected else 0


def _import(path: Path, sender: Sender, progress: Progress, total: Total, *, again: bool) -> None:
    stat = path.stat()
    mark_file = path.with_name(f"{path.name}.onrecord-import")
    start = 0 if again else _start(mark_file, Mark(sender.url, stat.st_size, stat.st_mtime_ns, 0))
    task = progress.add_task(path.name, total=stat.st_size)
    shown = 0
    with path.open("rb") as file:
        plain = Plain(file)
        for parcel in parcels(path, opened(plain), start):
            shown += _say_faults(progress.console, path, parcel, shown)
            if len(parcel.body) > BODY_BYTES:
                _say(progress.console, f"{path.name}: spans of one resource are more than {BODY_BYTES:,} bytes")
                total.rejected += 1
            else:
                total.add(sender.send(parcel))
            mark = Mark(sender.url, stat.st_size, stat.st_mtime_ns, parcel.upto)
            with contextlib.suppress(OSError):  # a folder that can not be written to: it begins anew the next time
                write_file(mark_file, msgspec.json.encode(mark))
            progress.update(task, completed=file.tell())
        if plain.damaged:
            raise Rejected(f"{path.name} is damaged, or ends too early.", hint="What came before that is imported.")
    progress.update(task, completed=stat.st_size)
    mark_file.unlink(missing_ok=True)


def _start(mark_file: Path, this: Mark) -> int:
    """Where an earlier import of the same file to the same server broke off."""
    try:
        mark = msgspec.json.decode(mark_file.read_bytes(), type=Mark)
    except (OSError, msgspec.MsgspecError):
        return 0
    return mark.upto if msgspec.structs.replace(mark, upto=0) == this else 0


def _say_faults(console: Console, path: Path, parcel: Parcel, shown: int) -> int:
    for number, sentence in parcel.faults[: max(0, _SHOWN - shown)]:
        _say(console, f"{path.name}, line {number}: {sentence}")
    return len(parcel.faults)


def _say(console: Console, sentence: str) -> None:
    console.print(sentence, highlight=False, markup=False, soft_wrap=True)


def _progress() -> Progress:
    """A bar with rate and time left, on a terminal only."""
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        disable=not sys.stderr.isatty(),
    )
