"""``onrecord search``: steps, with the text around what was found."""

import click

from onrecord.cli.client import Client, Values
from onrecord.cli.paging import NOTHING, RawPage, nothing, pages, remark
from onrecord.cli.printer import Printer
from onrecord.cli.reach import LIMIT, LINE, connected, filtered
from onrecord.model.time import SystemClock
from onrecord.query.results import Hit, Page


@click.command("search", epilog=LINE)
@filtered
@LIMIT
@connected
def command(client: Client, printer: Printer, values: Values, limit: int) -> int:
    """List the steps that fit LINE, newest first, with the text around each hit.

    Exit codes: 0 something fits; 1 nothing does.
    """
    if not any(name == "q" for name, _ in values):
        raise click.UsageError("Say what to search for, or list everything with `onrecord traces`.")
    found, more = 0, ""
    if not printer.tables:
        for raw in pages(client, "/search", RawPage, values, limit):
            printer.lines(bytes(row) for row in raw.rows)
            found += len(raw.rows)
        return 0 if found else NOTHING
    from onrecord.cli.cells import Hand  # noqa: PLC0415 - a pipe needs no table

    hand = Hand(SystemClock().now_us())
    for page in pages(client, "/search", Page[Hit], values, limit):
        for hit in page.rows:
            printer.show(*hand.hit(hit))
        found, more = found + len(page.rows), page.next
    if more:
        remark(printer, f"The newest {found:,}; --limit 0 shows all, a longer line fewer.")
    return 0 if found else nothing()
