"""Why a trace failed: the steps that failed first, how they were reached, and whether the work went on. Pure."""

from collections.abc import Sequence

import msgspec

from onrecord.query.results import Node, SpanRow, TraceTree


class Cause(msgspec.Struct, frozen=True, kw_only=True):
    """A step that failed with no failed step below it."""

    span: SpanRow
    path: tuple[SpanRow, ...] = ()
    """The steps above it, from the root down."""
    retried: int = 0
    """Steps of the same name beside it that began later: the same thing, tried again."""
    recovered: bool = False
    """The last of those did not fail."""


def causes(tree: TraceTree) -> tuple[Cause, ...]:
    """Every cause, in reading order; those that were not recovered first."""
    nodes = tree.nodes
    found = [
        _cause(nodes, at) for at, node in enumerate(nodes) if node.span.status == "error" and _is_deepest(nodes, at)
    ]
    return tuple(sorted(found, key=lambda cause: cause.recovered))


def sentences(tree: TraceTree, found: Sequence[Cause]) -> tuple[str, ...]:
    """What happened, in words. Names and messages of steps are given as the store has them, pseudonymised."""
    if not found:
        still = " It has not ended yet." if tree.trace.running else ""
        return (f"No step of this trace is reported as failed.{still}",)
    said = []
    for cause in found:
        row = cause.span
        below = " > ".join(step.name or "unnamed" for step in cause.path)
        what = ": ".join(filter(None, (row.error_type, row.error_message))) or "no error is given"
        said.append(
            f"The {row.kind} step '{row.name or 'unnamed'}'{f' below {below}' if below else ''} failed: {what}."
        )
        if cause.retried:
            outcome = "the last try worked" if cause.recovered else "no later try worked"
            said.append(f"It was tried again {cause.retried} times; {outcome}.")
    if tree.trace.status != "error":
        said.append("The trace as a whole is not reported as failed.")
    if tree.omitted:
        said.append(f"{tree.omitted:,} further steps of this trace were not looked at.")
    return tuple(said)


def _is_deepest(nodes: Sequence[Node], at: int) -> bool:
    depth = nodes[at].depth
    for node in nodes[at + 1 :]:
        if node.depth <= depth:
            return True
        if node.span.status == "error":
            return False
    return True


def _cause(nodes: Sequence[Node], at: int) -> Cause:
    path: list[SpanRow] = []
    depth = nodes[at].depth
    for node in reversed(nodes[:at]):
        if node.depth < depth:
            path.append(node.span)
            depth = node.depth
    again = []
    for node in nodes[at + 1 :]:
        if node.depth < nodes[at].depth:
            break
        if node.depth == nodes[at].depth and (node.span.name, node.span.kind) == (
            nodes[at].span.name,
            nodes[at].span.kind,
        ):
            again.append(node.span)
    return Cause(
        span=nodes[at].span,
        path=tuple(reversed(path)),
        retried=len(again),
        recovered=bool(again) and again[-1].status != "error",
    )
