"""What a reading verb prints: tables and trees to a person, JSON lines to a pipe.

Colour says state and nothing else; ``--no-color`` and NO_COLOR turn it off. A pipe that was closed ends the command
quietly, with the exit code that a shell expects of it.
"""

import os
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

import click
import msgspec

from onrecord.cli.plain import json_shown

if TYPE_CHECKING:  # a pipe needs none of it
    from rich.console import Console, RenderableType
    from rich.text import Text

PIPE_CLOSED: Final = 141
"""128 + SIGPIPE: what a program gives that the signal ended."""
_GAP: Final = 2
"""Spaces between two columns."""


class Column(msgspec.Struct, frozen=True):
    """One column of a table."""

    head: str
    width: int
    """Characters that it needs; one that is ``wide`` shares what is left over."""
    keep: int = 0
    """In a narrow terminal columns go, the largest of these numbers first; 0 stays."""
    most: int = 0
    """Characters that it may take when it needs more; ``width`` when 0."""
    right: bool = False
    wide: bool = False


class Printer:
    """Standard output, for one command."""

    def __init__(self, *, as_json: bool = False, no_color: bool = False) -> None:
        """JSON lines when asked for or when nobody looks."""
        self.tables = not as_json and sys.stdout.isatty()
        """Whether a person looks at tables."""
        self._no_color = no_color
        self._console: Console | None = None

    @property
    def console(self) -> "Console":
        """The terminal."""
        if self._console is None:
            from rich.console import Console  # noqa: PLC0415 - a pipe needs none

            self._console = Console(highlight=False, markup=False, no_color=self._no_color or None)
        return self._console

    def lines(self, rows: Iterable[bytes]) -> None:
        """JSON values, a line each, at once."""
        text = b"".join(row + b"\n" for row in rows).decode("utf-8", "replace")
        if not text:
            return
        try:
            sys.stdout.write(json_shown(text) if sys.stdout.isatty() else text)
            sys.stdout.flush()
        except BrokenPipeError:
            raise closed() from None

    def show(self, *drawn: "RenderableType") -> None:
        """Something for a person."""
        for one in drawn:
            self.console.print(one)

    def rows(
        self, columns: Sequence[Column], rows: Iterable[Sequence["Text"]], *, head: bool = True, even: bool = False
    ) -> None:
        """A table as wide as the terminal; ``even`` tables have columns of the same widths whatever is in them."""
        from rich.table import Table  # noqa: PLC0415

        kept = fitting(columns, self.console.width)
        table = Table(
            box=None, header_style="dim", pad_edge=False, padding=(0, _GAP, 0, 0), expand=True, show_header=head
        )
        for column in (columns[number] for number in kept):
            table.add_column(
                column.head,
                justify="right" if column.right else "left",
                no_wrap=True,
                overflow="ellipsis",
                ratio=1 if column.wide else None,
                width=column.width if even and not column.wide else None,
                max_width=None if column.wide else column.most or column.width,
            )
        for row in rows:
            table.add_row(*(row[number] for number in kept))
        self.show(table)


def fitting(columns: Sequence[Column], width: int) -> list[int]:
    """The columns, by position, that fit into so many characters."""
    kept = list(range(len(columns)))
    while sum(columns[number].width + _GAP for number in kept) - _GAP > width:
        most = max(kept, key=lambda number: (columns[number].keep, number))
        if not columns[most].keep:
            break
        kept.remove(most)
    return kept


def closed() -> click.exceptions.Exit:
    """The end of a command whose reader has gone; what is still buffered goes nowhere, without a word."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):  # not a real file: nothing will complain at the end either
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - until the process ends
    return click.exceptions.Exit(PIPE_CLOSED)


def json_of(value: Any) -> bytes:
    """A value as a line of JSON, in the words of the API."""
    return msgspec.json.encode(value)
