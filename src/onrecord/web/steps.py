"""A trace's tree as rows to draw: indentation, waterfall geometry, sums of what stands below, errors that bubble up.

Pure and linear in the number of spans: 10,000 steps take some 30 ms. Nodes come in reading order with their depth
(``query.results.TraceTree``), so one pass backwards sees every child before its parent.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from onrecord.query.results import Node, TraceTree

INDENT: Final = 24
"""Levels that are indented; deeper ones stand at the last and say their depth."""
FIRST_ROWS: Final = 300
"""Rows that a page carries; further ones follow as fragments."""
LETTERS: Final = {
    "agent": "A", "chain": "C", "llm": "L", "tool": "T", "retriever": "R", "reranker": "K", "embedding": "E",
    "guardrail": "G", "evaluator": "V", "memory": "M", "prompt": "P", "span": "S",
}  # fmt: skip
"""The letter that goes with a kind's hue, so that colour never stands alone."""


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the tree and of the waterfall."""

    node: Node
    number: int
    """Position in reading order, from 0."""
    indent: int
    below: int
    """Spans anywhere below it."""
    tokens: int | None
    """Its own, or the sum of the calls below when it makes none itself."""
    summed: bool
    """``tokens`` is a sum of what stands below."""
    fails_below: bool
    """Something below it failed and it did not."""
    x: float
    """Start, in percent of the trace."""
    width: float
    """Duration, in percent of the trace; a hair for what has none."""


class Layout:
    """A trace, ready to draw any of its rows; what a row says of the spans below it is known for all at once."""

    def __init__(self, tree: TraceTree) -> None:
        self.nodes = tree.nodes
        self.total_ms = total_ms(tree)
        self._below, self._tokens, self._fails = _sums(tree.nodes)

    def row(self, number: int) -> Step:
        """The row at a position in reading order."""
        node, span_ms = self.nodes[number], self.total_ms or 1.0
        own = _own(node)
        tokens = self._tokens[number] if own is None else own
        return Step(
            node=node,
            number=number,
            indent=min(node.depth, INDENT),
            below=self._below[number],
            tokens=tokens,
            summed=own is None and tokens is not None,
            fails_below=self._fails[number],
            x=round(min(max(node.offset_ms, 0.0) / span_ms * 100, 99.8), 2),
            width=round(max((node.span.duration_ms or 0.0) / span_ms * 100, 0.2), 2),
        )

    def first(self) -> str:
        """The span to look at first: the deepest cause of a failure, else the first model call, else the root."""
        failed = (
            node.span.span_id
            for node, below in zip(self.nodes, self._fails, strict=True)
            if node.span.status == "error" and not below
        )
        calls = (node.span.span_id for node in self.nodes if node.span.kind == "llm")
        return next(failed, None) or next(calls, None) or self.nodes[0].span.span_id


def total_ms(tree: TraceTree) -> float:
    """From the first start to the last end that is known: the width of the waterfall."""
    return max((node.offset_ms + (node.span.duration_ms or 0.0) for node in tree.nodes), default=0.0)


def _own(node: Node) -> int | None:
    return None if node.span.aggregate else node.span.tokens.total


def _sums(nodes: Sequence[Node]) -> tuple[list[int], list[int | None], list[bool]]:
    """For each node what stands below it: how many spans, their calls' tokens, whether one failed."""
    below = [0] * len(nodes)
    tokens: list[int | None] = [None] * len(nodes)
    fails = [False] * len(nodes)
    waiting: list[int] = []
    for number in range(len(nodes) - 1, -1, -1):
        depth = nodes[number].depth
        while waiting and nodes[waiting[-1]].depth == depth + 1:
            child = waiting.pop()
            below[number] += below[child] + 1
            own = _own(nodes[child])
            add = own if own is not None else tokens[child]
            if add is not None:
                tokens[number] = (tokens[number] or 0) + add
            fails[number] = fails[number] or fails[child] or nodes[child].span.status == "error"
        waiting.append(number)
    return below, tokens, fails
