"""``onrecord traces``: what happened, newest first."""

import click

from onrecord.cli.client import Client, Values
from onrecord.cli.paging import list_out
from onrecord.cli.printer import Printer
from onrecord.cli.reach import LIMIT, LINE, connected, filtered
from onrecord.model.time import SystemClock
from onrecord.query.results import TraceRow


@click.command("traces", epilog=LINE)
@filtered
@LIMIT
@connected
def command(client: Client, printer: Printer, values: Values, limit: int) -> int:
    """List traces of which a step fits LINE, newest received first.

    Exit codes: 0 something fits; 1 nothing does.
    """
    from onrecord.cli.cells import TRACES, Hand  # noqa: PLC0415 - a pipe needs no table

    table = (TraceRow, TRACES, Hand(SystemClock().now_us()).trace)
    return list_out(printer, client, "/traces", values, limit, table)
