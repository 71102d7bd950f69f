"""Traces, steps and messages as they are drawn on a terminal. Pure: values in, what rich prints out."""

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec
from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text
from rich.tree import Tree

from onrecord.cli.cells import BAD, FAINT, Hand, duration, mark, money, number, proof, text
from onrecord.cli.plain import flat, shown
from onrecord.model.message import Message, Part
from onrecord.model.span import Span
from onrecord.query.results import ScoreRow, SpanDetail, TraceTree
from onrecord.web.steps import FIRST_ROWS, Layout, Step
from onrecord.web.words import bytes_text, plural

INDENT: Final = 16
"""Levels that are drawn as levels; deeper ones stand below the last and say how deep they are."""
_CUT: Final = 2_000
"""Characters of one piece of text in the view of a trace; the view of a step has it whole."""
_SIDE: Final = 3


def draw_trace(tree: TraceTree, now_us: int, *, everything: bool = False) -> Iterator[RenderableType]:
    """A trace: one line of facts, then its tree."""
    row, hand = tree.trace, Hand(now_us)
    head = Text.assemble(mark(row), " ", text(row.name or "unnamed", f"bold {BAD if row.status == 'error' else ''}"))
    yield head.append(f"  {flat(row.trace_id)}", FAINT)
    facts = [
        hand.when(row.start_us), duration(row.duration_ms), Text(plural(row.spans, "span")),
        *([Text(f"{row.errors} failed", BAD)] if row.errors else []),
        *([Text.assemble(number(row.tokens.total), " tokens")] if row.models else []),
        *([Text.assemble("cost ", money(row.cost_reported, row.cost_currency))] if row.models else []),
        *(text(one) for one in (row.application, row.environment, row.user, row.session) if one), proof(row),
    ]  # fmt: skip
    yield _joined(facts)
    yield from _scores(tree.scores)
    yield _branches(tree, everything=everything)
    if tree.omitted:
        yield Text(f"{plural(tree.omitted, 'further span')} are counted and not carried.", FAINT)


def _branches(tree: TraceTree, *, everything: bool) -> Tree:
    layout = Layout(tree)
    most = len(tree.nodes) if everything else min(len(tree.nodes), FIRST_ROWS)
    top = Tree("", hide_root=True, guide_style=FAINT)
    above: list[Tree] = [top]
    for position in range(most):
        step = layout.row(position)
        depth = min(step.node.depth, INDENT)
        del above[depth + 1 :]
        above.append(above[depth].add(_branch(step)))
    if most < len(tree.nodes):
        top.add(Text(f"{plural(len(tree.nodes) - most, 'further span')}; --all shows them", FAINT))
    return top


def _branch(step: Step) -> Text:
    """One line of the tree."""
    row = step.node.span
    failed = row.status == "error"
    line = Text.assemble(mark(row), (f" {flat(row.span_id)[:8]} ", FAINT), no_wrap=True, overflow="ellipsis")
    if step.node.depth > INDENT:
        line.append(f"level {step.node.depth}  ", FAINT)
    line.append_text(text(row.name or "unnamed", BAD if failed else ""))
    line.append(f"  {row.kind}", FAINT)
    for said in (row.model_served or row.model_requested, row.tool):
        if said and said not in row.name:
            line.append("  ").append_text(text(said))
    line.append("  ").append_text(Text("running", FAINT) if row.running else duration(row.duration_ms))
    if step.tokens is not None:
        line.append(f"  {'Σ ' if step.summed else ''}{step.tokens:,} tokens", FAINT if step.summed else "")
    if step.fails_below and not failed:
        line.append("  a step below failed", FAINT)
    if step.node.orphan:
        line.append("  its parent is not there", FAINT)
    if failed:
        line.append(f"\n  {flat(' '.join(filter(None, (row.error_type, row.error_message)))) or 'failed'}", BAD)
    return line


def draw_turn(detail: SpanDetail, *, everything: bool = False) -> Iterator[RenderableType]:
    """The newest turn of a step, and its answer, cut to what fits a screen."""
    yield Text()
    yield Text.assemble(text(detail.row.name or "unnamed", "bold"), (f"  {detail.level.name.lower()} content", FAINT))
    yield from _content(detail, everything=everything, cut=_CUT)
    if detail.row.status == "error":
        yield Text(shown(" ".join(filter(None, (detail.row.error_type, detail.row.error_message)))) or "failed", BAD)


def draw_step(detail: SpanDetail, now_us: int, *, everything: bool = False) -> Iterator[RenderableType]:
    """One step: its facts, then its content whole."""
    row, hand = detail.row, Hand(now_us)
    failed = row.status == "error"
    head = Text.assemble(mark(row), " ", text(row.name or "unnamed", f"bold {BAD if failed else ''}"), f"  {row.kind}")
    yield head.append(f"  {flat(row.trace_id)} {flat(row.span_id)}", FAINT)
    tokens = row.tokens
    facts = [
        hand.when(row.start_us), Text("running", FAINT) if row.running else duration(row.duration_ms),
        *(text(one) for one in (row.provider, row.model_served or row.model_requested, row.tool, row.agent) if one),
        *([Text(f"{tokens.input:,} tokens in")] if tokens.input is not None else []),
        *([Text(f"{tokens.output:,} out")] if tokens.output is not None else []),
        *([money(row.cost_reported, row.cost_currency)] if row.cost_reported is not None else []),
        *(text(one) for one in (*row.finish_reasons, *row.tags, row.application, row.user, row.session) if one),
        Text(f"{detail.level.name.lower()} content"), proof(row),
    ]  # fmt: skip
    yield _joined(facts)
    if failed:
        yield Text(shown(" ".join(filter(None, (row.error_type, row.error_message)))) or "failed", BAD)
    yield from _scores(detail.scores)
    yield from _content(detail, everything=everything, cut=0)


def _content(detail: SpanDetail, *, everything: bool, cut: int) -> Iterator[RenderableType]:
    span = detail.content
    if span is None:
        yield Text(f"Content {detail.state}. {shown(detail.reason)}", BAD if detail.state == "altered" else FAINT)
        return
    start = 0 if everything else detail.new_from
    if start:
        yield Text(f"{plural(start, 'earlier message')}; --all shows them", FAINT)
    for message in (*span.input[start:], *span.output):
        yield from _message(message, cut)
    yield from _beside(span, cut)
    if not (span.input or span.output or span.tool or span.query or span.documents):
        yield Text("It carries no messages.", FAINT)


def _beside(span: Span, cut: int) -> Iterator[RenderableType]:
    """What a step holds that is no message."""
    if span.tool is not None:
        yield from _said("arguments", _value(span.tool.arguments), cut)
        yield from _said("result", _value(span.tool.result), cut)
    yield from _said("query", span.query, cut)
    for document in span.documents:
        score = "" if document.score is None else f"  {document.score:.3f}"
        yield from _said(f"document {flat(document.id)}{score}", document.content or "(no text)", cut)


def _message(message: Message, cut: int) -> Iterator[RenderableType]:
    yield Text(flat(" ".join(filter(None, (message.role, message.name)))), FAINT)
    for part in message.parts:
        yield Padding(_cut(_part(part), cut), (0, 0, 0, _SIDE), expand=False)


def _part(part: Part) -> Text:
    match part.type:
        case "text" | "refusal":
            return Text(shown(part.text))
        case "reasoning":
            return Text(shown(part.text), FAINT)
        case "tool_call":
            return Text(shown(f"→ {part.name} {_value(part.value)}"))
        case "tool_result":
            return Text(shown(f"← {part.name} {_value(part.value)}{part.text}"))
        case "media":
            size = f" {bytes_text(len(part.data))}" if part.data else ""
            return Text(shown(f"[{part.mime or 'media'}{size} {part.uri}]"), FAINT)
        case _:
            return Text(shown(_value(part.extra or part.value) or part.text))


def _said(head: str, words: str, cut: int) -> Iterator[RenderableType]:
    if words:
        yield Text(head, FAINT)
        yield Padding(_cut(Text(shown(words)), cut), (0, 0, 0, _SIDE), expand=False)


def _cut(drawn: Text, cut: int) -> Text:
    left = len(drawn) - cut
    if not cut or left <= 0:
        return drawn
    drawn.truncate(cut)
    return drawn.append(f" … {left:,} more characters; `onrecord show TRACE SPAN` has them", FAINT)


def _value(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _scores(scores: Sequence[ScoreRow]) -> Iterator[RenderableType]:
    for score in scores:
        verdict = {True: "passed", False: "failed", None: ""}[score.passed]
        value = "" if score.value is None else f"{score.value:g}"
        words = flat(" ".join(filter(None, (score.name, verdict, value, score.label, score.comment))))
        yield Text(f"{'✕' if score.passed is False else '★'} {words}", BAD if score.passed is False else "")


def _joined(facts: Sequence[Text]) -> Text:
    return Text(" · ", FAINT).join(facts)
