"""``onrecord sessions``: conversations, most recent first."""

import click

from onrecord.cli.client import Client, Values
from onrecord.cli.paging import list_out
from onrecord.cli.printer import Printer
from onrecord.cli.reach import LIMIT, LINE, connected, filtered
from onrecord.model.time import SystemClock
from onrecord.query.results import SessionRow


@click.command("sessions", epilog=LINE)
@filtered
@LIMIT
@connected
def command(client: Client, printer: Printer, values: Values, limit: int) -> int:
    """List sessions of which a step fits LINE, most recent first.

    `onrecord traces session:ID` lists the traces of one.

    Exit codes: 0 something fits; 1 nothing does.
    """
    from onrecord.cli.cells import SESSIONS, Hand  # noqa: PLC0415 - a pipe needs no table

    table = (SessionRow, SESSIONS, Hand(SystemClock().now_us()).session)
    return list_out(printer, client, "/sessions", values, limit, table)
