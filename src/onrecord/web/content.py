"""Messages as blocks that a page shows: role, text, reasoning, tool calls, media; long bodies cut with their length.

Pure. A block never holds more than ``BLOCK_CHARACTERS`` of one text: the whole is one click away at the address that
``path`` names. Tool results are shown beside the call they answer only in words (``answers``), never moved: the order
is the order that was sent.
"""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from markupsafe import Markup

from onrecord.model.message import Message, Part
from onrecord.model.span import Span
from onrecord.query.stepmedia import REFERENCE
from onrecord.web.ink import ink
from onrecord.web.jsontree import json_text, parsed, tree
from onrecord.web.prose import markdown

BLOCK_CHARACTERS: Final = 20_000
"""Characters of one part on a page."""
LONG_CHARACTERS: Final = 3_000
"""A text from here on scrolls in place, so that the answer is not pages below the question."""
BLOCKS: Final = 200
"""Messages of one list on a page; the rest is counted."""
ARGUMENT_CHARACTERS: Final = 160
"""Arguments of a tool call that stand in its line; longer ones fold out."""


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """One part of a message, ready to print."""

    form: str
    """``text``, ``reasoning``, ``refusal``, ``json``, ``call``, ``result``, ``media`` or ``data``."""
    markup: Markup = Markup()
    name: str = ""
    line: str = ""
    """Arguments of a call on one line, when they are short enough."""
    answers: str = ""
    """Id of the call."""
    cut: int = 0
    """Characters that are not shown."""
    path: str = ""
    """Where the whole text is: ``input.3.0``."""
    size: int = 0


class Block(msgspec.Struct, frozen=True, kw_only=True):
    """One message, ready to print."""

    role: str
    hue: str
    """CSS class of the role."""
    name: str = ""
    finish: str = ""
    pieces: tuple[Piece, ...] = ()


class View(msgspec.Struct, frozen=True, kw_only=True):
    """How the reader wants text."""

    terms: tuple[str, ...] = ()
    markdown: bool = False
    exact: bool = False


_ROLES = frozenset({"system", "developer", "user", "assistant", "tool"})


def blocks(messages: Sequence[Message], side: str, view: View, first: int = 0) -> tuple[Block, ...]:
    """``messages`` as blocks. ``side`` (``input`` or ``output``) and ``first`` make their addresses."""
    shown = messages[:BLOCKS]
    return tuple(_block(message, f"{side}.{first + number}", view) for number, message in enumerate(shown))


def part_text(span: Span, path: str) -> str | None:
    """The whole text at ``path`` (``input.3.0``) of a span, ``None`` when there is none."""
    side, _, rest = path.partition(".")
    number, _, part = rest.partition(".")
    lists = {"input": span.input, "output": span.output}
    if side not in lists or not (number.isascii() and number.isdigit() and part.isascii() and part.isdigit()):
        return None
    messages = lists[side]
    if int(number) >= len(messages) or int(part) >= len(messages[int(number)].parts):
        return None
    found = messages[int(number)].parts[int(part)]
    return found.text or json_text(found.value if found.value is not None else found.extra)


def _block(message: Message, path: str, view: View) -> Block:
    role = message.role or "unknown"
    return Block(
        role=role,
        hue=f"r-{role}" if role in _ROLES else "r-system",
        name=message.name,
        finish=message.finish_reason,
        pieces=tuple(_piece(part, f"{path}.{number}", view) for number, part in enumerate(message.parts)),
    )


def _piece(part: Part, path: str, view: View) -> Piece:
    if part.type == "tool_call":
        line = arguments_line(part.value)
        markup = Markup() if line else value_markup(part.value, view)
        return Piece(form="call", name=part.name or "unknown", line=line, answers=part.id, markup=markup, path=path)
    if part.type == "tool_result":
        value = part.value if part.value is not None else part.text
        form = "result"
        if isinstance(value, str):
            return _text(value, form, path, view, name=part.name, answers=part.id)
        return Piece(form=form, name=part.name, answers=part.id, markup=tree(value, view.terms), path=path)
    if part.type == "media":
        return Piece(
            form="media", name=part.mime or "unknown type", line=part.uri[:200], size=len(part.data), path=path
        )
    if part.text:
        return _text(part.text, part.type if part.type in ("reasoning", "refusal") else "text", path, view)
    return Piece(form="data", name=part.type, markup=tree(part.extra or part.value, view.terms), path=path)


def _text(text: str, form: str, path: str, view: View, *, name: str = "", answers: str = "") -> Piece:
    value = parsed(text)
    if value is not None:
        shape = form if form == "result" else "json"
        return Piece(form=shape, name=name, answers=answers, markup=tree(value, view.terms), path=path)
    text = REFERENCE.sub(r"[▣ \1, see the media of this step]", text)
    cut = max(0, len(text) - BLOCK_CHARACTERS)
    if view.markdown and not cut:
        body = Markup('<div class="md prose" dir="auto">{}</div>').format(markdown(text))
    else:
        long = Markup(' long" tabindex="0') if len(text) > LONG_CHARACTERS else ""
        shown = ink(text[:BLOCK_CHARACTERS], view.terms)
        body = Markup('<div class="text{}" dir="auto">{}</div>').format(long, shown)
    return Piece(form=form, name=name, answers=answers, markup=body, cut=cut, path=path)


def arguments_line(value: Any) -> str:
    """Arguments as ``city="Graz", days=3`` when they fit a line; empty when they do not or are not fields."""
    if isinstance(value, str):
        value = parsed(value)
    if not isinstance(value, dict):
        return ""
    line = ", ".join(f"{key}={json_text(item)}" for key, item in list(value.items())[:20])
    return line if len(line) <= ARGUMENT_CHARACTERS else ""


def value_markup(value: Any, view: View) -> Markup:
    """Any value: JSON as a tree, text as text."""
    if isinstance(value, str):
        return _text(value, "text", "", view).markup
    return Markup() if value is None else tree(value, view.terms)
