"""``onrecord stats``: how much, how fast, how dear, by any field and over time."""

from typing import Final

import click

from onrecord.cli.client import Client, Values
from onrecord.cli.completing import complete_field
from onrecord.cli.paging import NOTHING, RawPage, nothing
from onrecord.cli.printer import Column, Printer
from onrecord.cli.reach import LINE, connected, filtered
from onrecord.model.time import SystemClock
from onrecord.query.results import Bucket, Page

HEADS: Final = {
    "count": "Spans",
    "traces": "Traces",
    "errors": "Errors",
    "tokens": "Tokens",
    "tokens_input": "Tokens in",
    "tokens_output": "Tokens out",
    "cost": "Cost",
    "latency_p50_ms": "p50",
    "latency_p95_ms": "p95",
    "latency_p99_ms": "p99",
    "users": "Users",
    "sessions": "Sessions",
}
"""Everything that can be measured, as the head of its column."""
USUAL: Final = ("count", "traces", "errors", "tokens", "cost", "latency_p50_ms", "latency_p95_ms", "latency_p99_ms")


@click.command("stats", epilog=LINE)
@filtered
@click.option("--by", multiple=True, shell_complete=complete_field, help="Group by this field; up to three.")
@click.option("--every", default="", metavar="TIME", help="One row for each stretch of time: 15m, 1h, 24h.")
@click.option(
    "--measure",
    "measures",
    multiple=True,
    type=click.Choice(tuple(HEADS)),
    metavar="NAME",
    help=f"What to measure, again for more: {', '.join(HEADS)}. The first one orders the groups.",
)
@connected
def command(  # noqa: PLR0917 - what a person may say
    client: Client, printer: Printer, values: Values, by: tuple[str, ...], every: str, measures: tuple[str, ...]
) -> int:
    """Measure the steps that fit LINE: counts, tokens, cost as reported, and quantiles of latency.

    Tokens and cost are those of model calls, so that nothing is counted twice. What nobody knows is "unknown", never 0.

    Exit codes: 0 something fits; 1 nothing does.
    """
    wanted = measures or USUAL
    asked = [*values, *(("measure", one) for one in wanted), *(("group_by", one) for one in by)]
    if every:
        asked.append(("interval", every))
    if not printer.tables:
        rows = client.read("/aggregate", RawPage, asked).rows
        printer.lines(bytes(row) for row in rows)
        return 0 if rows else NOTHING
    buckets = client.read("/aggregate", Page[Bucket], asked).rows
    if not buckets:
        return nothing()
    from onrecord.cli.cells import FAINT, Hand, figure, text  # noqa: PLC0415 - a pipe needs no table

    hand = Hand(SystemClock().now_us())
    printer.rows(
        [
            *([Column("Time", 12)] if every else []),
            *(Column(name.capitalize(), 12, most=40) for name in by),
            *(Column(HEADS[name], 8, number, right=True, most=14) for number, name in enumerate(wanted)),
            Column("", 0, wide=True),
        ],
        (
            (
                *([hand.when(bucket.time_us or 0)] if every else []),
                *(text(value) if value else text("none", FAINT) for value in bucket.group),
                *(figure(name, bucket.values.get(name)) for name in wanted),
                text(""),
            )
            for bucket in buckets
        ),
    )
    return 0
