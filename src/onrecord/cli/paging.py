"""Lists: page after page of an operation, to a table or to JSON lines, until there are enough or no more."""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeVar

import msgspec

from onrecord.cli.client import Client, Values
from onrecord.cli.printer import Column, Printer
from onrecord.cli.say import say_error
from onrecord.limits import PAGE_ROWS
from onrecord.query.results import Page

if TYPE_CHECKING:
    from rich.text import Text

NOTHING: Final = 1
"""Exit code when nothing fits, as grep's."""
T = TypeVar("T")


class RawPage(msgspec.Struct, frozen=True):
    """A page whose rows stay as the server wrote them."""

    rows: tuple[msgspec.Raw, ...]
    next: str = ""


def pages(client: Client, path: str, type_: type[T], values: Values, limit: int) -> Iterator[T]:
    """Pages of a list until ``limit`` rows came, or all of them when it is 0."""
    after, left = "", limit
    while True:
        size = min(left, PAGE_ROWS) if limit else PAGE_ROWS
        asked = [*values, ("limit", str(size)), *([("after", after)] if after else [])]
        page: Any = client.read(path, type_, asked)
        yield page
        after, left = page.next, left - len(page.rows)
        if not after or (limit and left <= 0):
            return


def list_out(  # noqa: PLR0917 - the words of a list
    printer: Printer,
    client: Client,
    path: str,
    values: Values,
    limit: int,
    table: tuple[type[T], Sequence[Column], Callable[[T], Sequence["Text"]]],
) -> int:
    """Print a list; the exit code."""
    if not printer.tables:
        found = 0
        for raw in pages(client, path, RawPage, values, limit):
            printer.lines(bytes(row) for row in raw.rows)
            found += len(raw.rows)
        return 0 if found else NOTHING
    type_, columns, cells = table
    rows: list[T] = []
    more = ""
    for page in pages(client, path, Page[type_], values, limit):  # type: ignore[valid-type]
        rows += page.rows
        more = page.next
    if not rows:
        return nothing()
    printer.rows(columns, (cells(row) for row in rows))
    if more:
        remark(printer, f"The newest {len(rows):,}; --limit 0 shows all, a search line fewer.")
    return 0


def remark(printer: Printer, sentence: str) -> None:
    """A remark below a table."""
    from rich.text import Text  # noqa: PLC0415 - a pipe needs none

    printer.show(Text(sentence, "dim"))


def nothing() -> int:
    """Tell a person that nothing fits."""
    say_error(
        "Nothing fits.", "`onrecord stats` says how much there is; `onrecord search --help` how a line is written."
    )
    return NOTHING
