"""The options that every reading verb has: whom to ask, for which project, and how to print what comes back.

Which way is taken: ``--data`` is the socket of that directory; ``--url`` or ``--key`` is HTTP; else a key in the
environment is HTTP; else the socket of the usual data directory where there is one; else HTTP at the usual port.
"""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import click
from click.core import ParameterSource

from onrecord import config
from onrecord.cli.client import TIMEOUT_S, Client, Values
from onrecord.cli.completing import complete_line
from onrecord.cli.errand import SOCKET
from onrecord.cli.printer import Printer
from onrecord.query.fields import FIELDS, OPEN_MAPS, SCORE

URL: Final = "http://127.0.0.1:4318"
DATA: Final = Path("onrecord-data")
_OPTIONS: Final = (
    click.option("--url", envvar="ONRECORD_URL", help=f"Where the server listens [{URL}] [ONRECORD_URL]."),
    click.option("--key", envvar="ONRECORD_API_KEY", help="API key that may read; better as [ONRECORD_API_KEY]."),
    click.option(
        "--data",
        type=click.Path(path_type=Path),
        help="Ask through the socket in this data directory, as the operator.",
    ),
    click.option("--project", default="", help="Id or name; needed when you may see several."),
    click.option("--json", "as_json", is_flag=True, help="JSON lines, also on a terminal."),
    click.option("--no-color", is_flag=True, help="No colour, also on a terminal [NO_COLOR]."),
)
_FILTERS: Final = (
    click.argument("line", nargs=-1, shell_complete=complete_line),
    click.option("--from", "since", default="", help="Began at or after: 2026-11-23, 2026-11-23T08:00Z, -24h."),
    click.option("--to", "until", default="", help="Began before."),
)
LIMIT: Final = click.option(
    "--limit", default=50, show_default=True, type=click.IntRange(0), help="Rows at most; 0 for all."
)
LINE: Final = (
    'LINE is a search line as on the pages: words, "a phrase", *part*, field:value, field:a,b, latency>2s, error:*, '
    "-not, OR, ( ). Put it in single quotes, and -- before one that begins with a minus: "
    "onrecord traces 'status:error latency>2s -test'. Fields: "
    + ", ".join((*FIELDS, *(f"{name}.KEY" for name in (*OPEN_MAPS, SCORE))))
    + "."
)
_REACHING: Final = ("url", "key", "data", "project")
Command = Callable[..., Any]


def connected(command: Command) -> Command:
    """Give a verb ``client`` and ``printer``, from the options that every reading verb has."""

    @functools.wraps(command)
    def run(*, as_json: bool, no_color: bool, **rest: Any) -> Any:
        own = {name: value for name, value in rest.items() if name not in _REACHING}
        client = client_of(click.get_current_context())
        try:
            return command(client=client, printer=Printer(as_json=as_json, no_color=no_color), **own)
        finally:
            client.close()

    return _with(_OPTIONS, run)


def filtered(command: Command) -> Command:
    """Give a verb ``values``: the search line as it was typed, and the time that is looked at."""

    @functools.wraps(command)
    def run(*, line: tuple[str, ...], since: str, until: str, **rest: Any) -> Any:
        return command(values=values_of(line, since, until), **rest)

    return _with(_FILTERS, run)


def values_of(line: tuple[str, ...], since: str = "", until: str = "") -> Values:
    """The parameters of the API that say the same."""
    named = (("q", " ".join(line).strip()), ("from", since), ("to", until))
    return [(name, value) for name, value in named if value]


def client_of(ctx: click.Context, timeout_s: float = TIMEOUT_S) -> Client:
    """The client that the options of this command ask for.

    Raises:
        UsageError: a directory and an address are both given. Rejected, Denied: of ``Client``.
    """
    given = {name: ctx.params.get(name) for name in _REACHING}
    typed = {name for name in _REACHING if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE}
    over_http = typed & {"url", "key"} or ("data" not in typed and (given["url"] or given["key"]))
    if "data" in typed and over_http:
        raise click.UsageError("--data asks through a socket, --url and --key over HTTP: give one of them.")
    data: Path | None = given["data"] if "data" in typed else None
    if not over_http and data is None:
        usual = config.read({}).data
        data = usual if (usual / SOCKET).exists() else None
    return Client(
        url=given["url"] or URL,
        key="" if data else given["key"] or "",
        data=data,
        project=given["project"] or "",
        timeout_s=timeout_s,
    )


def _with(options: tuple[Callable[[Command], Command], ...], command: Command) -> Command:
    for option in reversed(options):
        command = option(command)
    return command
