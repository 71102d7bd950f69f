"""``onrecord show``: one trace as a tree with the newest turn of what matters first, or one of its steps, whole."""

from typing import Any, Final

import click
import msgspec

from onrecord.cli.client import Client, decode, piece
from onrecord.cli.paging import RawPage
from onrecord.cli.printer import Printer, json_of
from onrecord.cli.reach import connected
from onrecord.errors import Missing, Rejected
from onrecord.limits import PAGE_ROWS
from onrecord.model.time import SystemClock
from onrecord.query.results import SpanDetail, TraceTree
from onrecord.web.steps import Layout

_LIST: Final = "`onrecord traces` lists the newest ones."


class _Id(msgspec.Struct, frozen=True):
    trace_id: str


def exact_options(command: Any) -> Any:
    """``--exact`` and ``--purpose``, for verbs that print content."""
    exact = click.option("--exact", is_flag=True, help="Content as it was sent; needs the right, and is recorded.")
    purpose = click.option("--purpose", default="", help="Why exact content is read, in your words; recorded with it.")
    return exact(purpose(command))


def level_of(*, exact: bool, purpose: str) -> list[tuple[str, str]]:
    """The parameters of the API that say which content.

    Raises:
        UsageError: exact content without a purpose, or a purpose without exact content.
    """
    if exact and not purpose.strip():
        raise click.UsageError("Exact content needs a purpose: give --purpose 'why'. The read is recorded with it.")
    if purpose and not exact:
        raise click.UsageError("A purpose is for exact content: give --exact too.")
    return [("content", "exact"), ("purpose", purpose.strip())] if exact else []


@click.command("show")
@click.argument("trace")
@click.argument("span", default="")
@click.option("--all", "everything", is_flag=True, help="Every step, and the messages that were sent before, too.")
@exact_options
@connected
def command(
    client: Client, printer: Printer, trace: str, span: str, *, everything: bool, exact: bool, purpose: str
) -> int:
    """Show TRACE as a tree, with the newest turn of the step to look at first; or its step SPAN, whole.

    Ids may be cut to their first characters, at least four, when it is among the newest 500 traces. Content is
    pseudonymised unless --exact says otherwise.

    Exit codes: 0 shown; 64 there is no such trace or step.
    """
    level = level_of(exact=exact, purpose=purpose)
    tree, said = _tree(client, trace)
    span_id = _span_id(tree, span) if span else Layout(tree).first()
    path = f"/traces/{piece(tree.trace.trace_id)}/spans/{piece(span_id)}"
    step = client.get(path, level)
    if not printer.tables:
        turn = msgspec.Raw(step)
        printer.lines(
            [step] if span else [json_of({**msgspec.json.decode(said, type=dict[str, msgspec.Raw]), "turn": turn})]
        )
        return 0
    from onrecord.cli.drawing import draw_step, draw_trace, draw_turn  # noqa: PLC0415 - a pipe needs no drawing

    now_us, detail = SystemClock().now_us(), decode(step, SpanDetail)
    if span:
        printer.show(*draw_step(detail, now_us, everything=everything))
    else:
        printer.show(*draw_trace(tree, now_us, everything=everything), *draw_turn(detail, everything=everything))
    return 0


def _tree(client: Client, trace: str) -> tuple[TraceTree, bytes]:
    """The trace of this id, or the only one of the newest whose id begins so."""
    try:
        said = client.get(f"/traces/{piece(trace)}")
    except Missing as missing:
        said = client.get(f"/traces/{piece(_longer(client, trace, missing))}")
    return decode(said, TraceTree), said


def _longer(client: Client, typed: str, missing: Missing) -> str:
    if len(typed) < 4:  # noqa: PLR2004 - as the help says
        raise Missing(missing.message, hint=_LIST)
    rows = client.read("/traces", RawPage, [("limit", str(PAGE_ROWS))]).rows
    return _only(typed, [decode(bytes(row), _Id).trace_id for row in rows], missing.message)


def _span_id(tree: TraceTree, typed: str) -> str:
    ids = [node.span.span_id for node in tree.nodes]
    return typed if typed in ids else _only(typed, ids, "There is no such step in the trace.")


def _only(typed: str, ids: list[str], sentence: str) -> str:
    found = sorted({one for one in ids if one.startswith(typed)})
    if len(found) > 1:
        raise Rejected(f"{len(found)} ids begin like this.", hint="Give more of it.")
    if not found:
        raise Missing(sentence, hint=_LIST)
    return found[0]
