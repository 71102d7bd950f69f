"""What the terminal is told: tables when a person looks, JSON lines when a pipe reads. Errors end with what helps.

What draws tables and colours is imported when a person looks: a server that a supervisor starts needs neither.
"""

import json
import sys
from collections.abc import Sequence
from typing import Any


def say(text: str) -> None:
    """A line on standard output."""
    if not sys.stdout.isatty():
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()
        return
    from rich.console import Console  # noqa: PLC0415 - see above
    from rich.text import Text  # noqa: PLC0415

    Console(soft_wrap=True, highlight=False).print(Text(text))


def say_error(message: str, hint: str = "") -> None:
    """A fault on standard error: what happened, then what to do."""
    if not sys.stderr.isatty():
        sys.stderr.write(f"error {message}\n" + (f"{hint}\n" if hint else ""))
        return
    from rich.console import Console  # noqa: PLC0415 - see above
    from rich.text import Text  # noqa: PLC0415

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
    from rich.console import Console  # noqa: PLC0415 - see above
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(box=None, header_style="dim", pad_edge=False)
    for column in columns:
        table.add_column(column)
    for row in rows:
        table.add_row(*(Text(str(cell)) for cell in row))
    Console(highlight=False).print(table)
