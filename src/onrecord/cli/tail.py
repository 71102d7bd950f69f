"""``onrecord tail``: traces as they come in, until Ctrl-C."""

import time

import click

from onrecord.cli.client import Client, Values, decode
from onrecord.cli.paging import RawPage
from onrecord.cli.printer import Printer
from onrecord.cli.reach import LINE, connected, filtered
from onrecord.cli.say import say_error
from onrecord.limits import PAGE_ROWS
from onrecord.model.time import SystemClock
from onrecord.query.results import TraceRow


@click.command("tail", epilog=LINE)
@filtered
@click.option(
    "--every", default=1.0, show_default=True, type=click.FloatRange(0.1, 3600), help="Seconds between looks."
)
@click.option("--count", default=0, type=click.IntRange(0), help="End after so many [never].")
@connected
def command(client: Client, printer: Printer, values: Values, every: float, count: int) -> int:
    """Show traces of which a step fits LINE as they come in or change, oldest first, until Ctrl-C.

    A trace that gets further steps is shown again. Exit codes: 0 after --count traces; 130 at Ctrl-C.
    """
    after = client.read("/tail", RawPage, values).next
    shown, head = 0, True
    while True:
        page = client.read("/tail", RawPage, [*values, ("after", after), ("limit", str(PAGE_ROWS))])
        after = page.next
        rows = list(reversed(page.rows))
        if len(rows) == PAGE_ROWS:
            say_error(f"More came than can be shown; these are the newest {PAGE_ROWS}.", "`onrecord traces` lists all.")
        if count:
            rows = rows[: count - shown]
        if rows:
            _show(printer, [bytes(row) for row in rows], head=head)
            shown, head = shown + len(rows), False
        if count and shown >= count:
            return 0
        time.sleep(every)


def _show(printer: Printer, rows: list[bytes], *, head: bool) -> None:
    if not printer.tables:
        printer.lines(rows)
        return
    from onrecord.cli.cells import TRACES, Hand  # noqa: PLC0415 - a pipe needs no table

    hand = Hand(SystemClock().now_us())
    printer.rows(TRACES, (hand.trace(decode(row, TraceRow)) for row in rows), head=head, even=True)
