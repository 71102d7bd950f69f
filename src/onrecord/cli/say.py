"""What the terminal is told: tables when a person looks, JSON lines when a pipe reads. Errors end with what helps."""

import json
import sys
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text


def say(text: str) -> None:
    """A line on standard output."""
    Console(soft_wrap=True, highlight=False).print(Text(text))


def say_error(message: str, hint: str = "") -> None:
    """A fault on standard error: what happened, then what to do."""
    console = Console(stderr=True, soft_wrap=True, highlight=False)
    console.print(Text("error ", style="bold red") + Text(message, style=""))
    if hint:
        console.print(Text(hint))


def say_rows(columns: Sequence[str], rows: Sequence[Sequence[Any]], *, as_json: bool = False) -> None:
    """Rows as a table on a terminal, as JSON lines in a pipe."""
    if as_json or not sys.stdout.isatty():
        for row in rows:
            sys.stdout.write(json.dumps(dict(zip(columns, row, strict=True)), ensure_ascii=False) + "\n")
        return
    table = Table(box=None, header_style="dim", pad_edge=False)
    for column in columns:
        table.add_column(column)
    for row in rows:
        table.add_row(*(Text(str(cell)) for cell in row))
    Console(highlight=False).print(table)
