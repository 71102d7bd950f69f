"""``onrecord people``: who used the applications, by pseudonym. Those who log in here are ``onrecord users``."""

import click

from onrecord.cli.client import Client, Values
from onrecord.cli.paging import list_out
from onrecord.cli.printer import Printer
from onrecord.cli.reach import LIMIT, LINE, connected, filtered
from onrecord.model.time import SystemClock
from onrecord.query.results import UserRow


@click.command("people", epilog=LINE)
@filtered
@LIMIT
@connected
def command(client: Client, printer: Printer, values: Values, limit: int) -> int:
    """List the people, by pseudonym, of whom a step fits LINE, most recently seen first.

    The id that an application sends finds one too: `onrecord people user:jan@example.com`.

    Exit codes: 0 something fits; 1 nothing does.
    """
    from onrecord.cli.cells import PEOPLE, Hand  # noqa: PLC0415 - a pipe needs no table

    table = (UserRow, PEOPLE, Hand(SystemClock().now_us()).person)
    return list_out(printer, client, "/users", values, limit, table)
