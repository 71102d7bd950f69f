"""``onrecord export``: steps with their content as JSON lines, or one trace as one file.

Beside a file that is under way stands ``<file>.onrecord-export``: how far it is, so that the same command goes on
there. It says nothing of what was asked but a slow, salted digest: a search line may name a person.
"""

import contextlib
import hashlib
import os
import secrets
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final

import click
import msgspec

from onrecord.cli.client import Client, Values, piece
from onrecord.cli.paging import NOTHING, RawPage, nothing
from onrecord.cli.printer import Printer, json_of
from onrecord.cli.reach import LINE, connected, filtered
from onrecord.cli.say import say_error
from onrecord.cli.show import exact_options, level_of
from onrecord.durable import write_file
from onrecord.errors import OnrecordError, Rejected
from onrecord.limits import EXPORT_ROWS
from onrecord.query.results import StatusCounts

_SUFFIX: Final = ".onrecord-export"


class Mark(msgspec.Struct, frozen=True):
    """How far an export into a file has come."""

    salt: bytes
    asked: bytes
    """Digest of what was asked, see ``_digest``."""
    size: int
    """Bytes of the file that are whole lines."""
    rows: int
    after: str


@click.command("export", epilog=LINE)
@filtered
@click.option("--output", "-o", type=click.Path(dir_okay=False, path_type=Path), help="A file; else standard output.")
@click.option("--trace", default="", help="One trace as one JSON document, steps in reading order.")
@click.option("--after", default="", help="Go on after this cursor, which an export that broke off has named.")
@click.option("--again", is_flag=True, help="Begin at the beginning, and write over the file.")
@exact_options
@connected
def command(
    client: Client,
    printer: Printer,
    values: Values,
    *,
    output: Path | None,
    trace: str,
    after: str,
    again: bool,
    exact: bool,
    purpose: str,
) -> int:
    """Write the steps that fit LINE with their content, a JSON object each, newest received first.

    Content is pseudonymised; with --exact it is as it was sent, which needs the right and is recorded, page by page. An
    export into a file that broke off goes on where it was with the same command; what came in since it began is not in
    it. A file is made for its owner alone.

    Exit codes: 0 everything is written; 1 nothing fits; 70 broken off by the server: the same command goes on.
    """
    level = level_of(exact=exact, purpose=purpose)
    if trace:
        if values or after:
            raise click.UsageError("--trace is one whole trace: it takes no LINE and no --after.")
        return _write_trace(client, printer, trace, level, output, again=again)
    asked = [*values, *level, ("limit", str(EXPORT_ROWS))]
    with _progress(client, values, seen=output is not None or not sys.stdout.isatty()) as advance:
        if output is None:
            return _to_pipe(client, printer, asked, after, advance)
        if after:
            raise click.UsageError("A file knows where it broke off: leave --after out.")
        return _to_file(client, asked, output, advance, again=again)


def _to_pipe(client: Client, printer: Printer, asked: Values, after: str, advance: Callable[[int], None]) -> int:
    found = 0
    try:
        for page, following in _pages(client, asked, after):
            printer.lines(bytes(row) for row in page.rows)
            found, after = found + len(page.rows), following
            advance(len(page.rows))
    except (OnrecordError, KeyboardInterrupt):
        if found:
            say_error(
                f"Broken off after {found:,} steps.", f"Go on with: onrecord export --after {after} and the same words."
            )
        raise
    return 0 if found else NOTHING


def _to_file(client: Client, asked: Values, output: Path, advance: Callable[[int], None], *, again: bool) -> int:
    mark_file = output.with_name(output.name + _SUFFIX)
    salt = secrets.token_bytes(16)
    mark = Mark(salt, _digest(client, asked, salt), 0, 0, "")
    if not again:
        mark = _kept(client, asked, output, mark_file) or mark
    with _opened(output, mark.size) as file:
        advance(mark.rows)
        for page, following in _pages(client, asked, mark.after):
            size = file.write(b"".join(bytes(row) + b"\n" for row in page.rows))
            file.flush()
            os.fsync(file.fileno())
            mark = msgspec.structs.replace(
                mark, size=mark.size + size, rows=mark.rows + len(page.rows), after=following
            )
            if following:
                write_file(mark_file, msgspec.json.encode(mark))
            advance(len(page.rows))
    mark_file.unlink(missing_ok=True)
    if not mark.rows:
        return nothing()
    sys.stderr.write(f"{mark.rows:,} steps are in {output}.\n")
    return 0


def _pages(client: Client, asked: Values, after: str) -> Iterator[tuple[RawPage, str]]:
    """Pages, each with the cursor of the one that follows."""
    while True:
        page = client.read("/export", RawPage, [*asked, *([("after", after)] if after else [])])
        yield page, page.next
        after = page.next
        if not after:
            return


def _kept(client: Client, asked: Values, output: Path, mark_file: Path) -> Mark | None:
    """Where an earlier export of the same broke off; ``None`` when there was none.

    Raises:
        Rejected: the file is there, and is not the beginning of this export.
    """
    if not output.exists():
        return None
    try:
        mark = msgspec.json.decode(mark_file.read_bytes(), type=Mark)
    except (OSError, msgspec.MsgspecError):
        raise Rejected(
            "The file is there already.", hint="Name another with --output, or write over it with --again."
        ) from None
    if mark.asked != _digest(client, asked, mark.salt) or output.stat().st_size < mark.size:
        raise Rejected(
            "The file is the beginning of another export.", hint="Name another with --output, or begin with --again."
        )
    return mark


@contextlib.contextmanager
def _opened(output: Path, size: int) -> Iterator[BinaryIO]:
    """The file, cut to what is whole, for its owner alone.

    Raises:
        Rejected: it can not be written.
    """
    try:
        descriptor = os.open(output, os.O_WRONLY | os.O_CREAT, 0o600)
    except OSError as error:
        raise Rejected(f"The file can not be written: {error.strerror}.", hint="Name another with --output.") from None
    with os.fdopen(descriptor, "wb") as file:
        file.truncate(size)
        file.seek(size)
        yield file


def _write_trace(
    client: Client, printer: Printer, trace: str, level: Values, output: Path | None, *, again: bool
) -> int:
    """One trace: what ``GET /traces/ID`` says of it, and its steps with their content, in reading order."""
    tree = msgspec.json.decode(client.get(f"/traces/{piece(trace)}"))
    rows: dict[str, msgspec.Raw] = {}
    asked = [("trace", tree["trace"]["trace_id"]), *level, ("limit", str(EXPORT_ROWS))]
    for page, _ in _pages(client, asked, ""):
        for row in page.rows:
            rows.setdefault(_span_of(row), row)
    order = [node["span"]["span_id"] for node in tree["nodes"]]
    steps = [rows[span_id] for span_id in order if span_id in rows]
    document: dict[str, Any] = {
        "trace": tree["trace"],
        "scores": tree["scores"],
        "omitted": tree["omitted"],
        "spans": steps,
    }
    if output is None:
        printer.lines([json_of(document)])
        return 0
    if output.exists() and not again:
        raise Rejected("The file is there already.", hint="Name another with --output, or write over it with --again.")
    with _opened(output, 0) as file:
        file.write(json_of(document) + b"\n")
    sys.stderr.write(f"{len(steps):,} steps are in {output}.\n")
    return 0


def _span_of(row: msgspec.Raw) -> str:
    return str(msgspec.json.decode(row)["row"]["span_id"])


def _digest(client: Client, asked: Values, salt: bytes) -> bytes:
    """What was asked, so that only the same goes on: slow to guess, since a line may name a person."""
    return hashlib.scrypt(json_of([client.url, *asked]), salt=salt, n=1 << 14, r=8, p=1, dklen=32)


@contextlib.contextmanager
def _progress(client: Client, values: Values, *, seen: bool) -> Iterator[Callable[[int], None]]:
    """A bar with rate and time left, for whoever looks at standard error while the output goes elsewhere."""
    if not seen or not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console  # noqa: PLC0415 - a pipe needs none
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

    total = client.read("/counts", StatusCounts, values).spans
    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]}"), TimeRemainingColumn())
    with Progress(TextColumn("Export"), *columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("Export", total=total, rate="")

        def advance(rows: int) -> None:
            bar.advance(task, rows)
            speed = bar.tasks[task].speed
            bar.update(task, rate=f"{speed:,.0f} steps/s" if speed else "")

        yield advance
