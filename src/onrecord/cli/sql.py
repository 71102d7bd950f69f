"""``onrecord sql``: a statement over the views of a project, where the server's console is switched on."""

import sys
from typing import Any, Final

import click
import msgspec

from onrecord.cli.client import Client, decode
from onrecord.cli.paging import NOTHING, nothing, remark
from onrecord.cli.printer import Column, Printer, closed
from onrecord.cli.reach import connected

_TEXT_MOST: Final = 60


class Head(msgspec.Struct, frozen=True):
    """One column."""

    name: str
    type: str


class Result(msgspec.Struct, frozen=True):
    """The answer of ``POST /sql``."""

    columns: tuple[Head, ...]
    rows: tuple[tuple[Any, ...], ...]
    more: bool


@click.command("sql")
@click.argument("statement")
@click.option("--csv", "form", flag_value="csv", help="Write the result as CSV.")
@click.option("--parquet", "form", flag_value="parquet", help="Write the result as Parquet: give it a file or a pipe.")
@connected
def command(client: Client, printer: Printer, statement: str, form: str | None) -> int:
    """Run STATEMENT, a SELECT over the views that docs/sql.md lists; - reads it from standard input.

    A table for a person, JSON lines in a pipe. Every statement is put on the record.

    Exit codes: 0 there are rows; 1 there is none.
    """
    if form == "parquet" and sys.stdout.isatty():
        raise click.UsageError("Parquet is no text: send it to a file with > result.parquet.")
    text = sys.stdin.read() if statement == "-" else statement
    said = client.post("/sql", {"statement": text, "format": form or "json"})
    if form:
        _write(said)
        return 0
    result = decode(said, Result)
    if not printer.tables:
        names = [column.name for column in result.columns]
        printer.lines(msgspec.json.encode(dict(zip(names, row, strict=True))) for row in result.rows)
        return 0 if result.rows else NOTHING
    if not result.rows:
        return nothing()
    _draw(printer, result)
    if result.more:
        remark(printer, f"The first {len(result.rows):,} of more rows; --csv and --parquet give all, or refuse.")
    return 0


def _write(said: bytes) -> None:
    try:
        sys.stdout.buffer.write(said)
        sys.stdout.flush()
    except BrokenPipeError:
        raise closed() from None


def _draw(printer: Printer, result: Result) -> None:
    from onrecord.cli.cells import FAINT, text  # noqa: PLC0415 - a pipe needs no table

    def shown(value: Any) -> str:
        return value if isinstance(value, str) else msgspec.json.encode(value).decode()

    numeric = [
        all(row[number] is None or type(row[number]) in (int, float) for row in result.rows)
        for number in range(len(result.columns))
    ]
    printer.rows(
        [
            Column(column.name, 6, right=is_number, most=_TEXT_MOST)
            for column, is_number in zip(result.columns, numeric, strict=True)
        ],
        ([text("unknown", FAINT) if value is None else text(shown(value)) for value in row] for row in result.rows),
    )
