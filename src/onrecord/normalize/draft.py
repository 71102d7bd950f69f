"""The draft: a span while dialects read it.

Readers *take* what they understand out of ``attributes`` and *say* what it means. What nobody takes stays and ends
up in ``Span.attributes`` as it was sent, so that a convention nobody has heard of loses nothing. The first reader
that says a field wins: the dialect of the span reads before the generic readers.
"""

from collections.abc import Mapping
from typing import Any

from onrecord.limits import ATTRIBUTE_DEPTH
from onrecord.model.message import Message
from onrecord.model.otlp import OtlpContext, OtlpEvent, OtlpSpan
from onrecord.model.score import Score
from onrecord.model.span import Document
from onrecord.normalize.values import as_float, as_int, as_text, parsed

_MISSING: Any = object()


class Draft:
    """A span being read. ``fields`` are those of ``model.Span``, ``usage`` those of ``model.Usage``."""

    __slots__ = (
        "attributes",
        "context",
        "documents",
        "error",
        "events",
        "fields",
        "input",
        "metadata",
        "otlp",
        "output",
        "parameters",
        "prompt",
        "scores",
        "tool",
        "usage",
    )

    def __init__(self, span: OtlpSpan, context: OtlpContext) -> None:
        self.otlp = span
        self.context = context
        self.attributes: dict[str, Any] = span.attributes.copy()
        """What nobody has taken yet."""
        self.events: list[OtlpEvent] = list(span.events) if span.events else []
        """Events that nobody has taken yet."""
        self.fields: dict[str, Any] = {}
        self.usage: dict[str, Any] = {}
        self.tool: dict[str, Any] = {}
        """Fields of ``model.ToolCall``; none said, no tool call."""
        self.prompt: dict[str, Any] = {}
        """Fields of ``model.PromptRef``."""
        self.error: dict[str, Any] = {}
        """Fields of ``model.Error``."""
        self.input: list[Message] = []
        self.output: list[Message] = []
        self.documents: list[Document] = []
        self.scores: list[Score] = []
        self.parameters: dict[str, Any] = {}
        self.metadata: dict[str, Any] = {}

    # --- taking ------------------------------------------------------------------------------------------------

    def take(self, *keys: str) -> Any:
        """The value of the first of ``keys`` that is there, or ``None``; with it those of the others that equal it."""
        pop = self.attributes.pop
        for position, key in enumerate(keys):
            value = pop(key, _MISSING)
            if value is not _MISSING and value is not None:
                for alias in keys[position + 1 :]:  # the same fact said twice, in an old and a new name
                    if self.attributes.get(alias, _MISSING) == value:
                        del self.attributes[alias]
                return value
        return None

    def take_text(self, *keys: str) -> str:
        """Like ``take``, as text; ``""`` when there is none."""
        value = self.take(*keys)
        return value if type(value) is str else as_text(value)

    def take_json(self, *keys: str) -> Any:
        """Like ``take``; JSON text of an object or array is parsed, other text stays text."""
        value = self.take(*keys)
        return parsed(value) if type(value) is str else value

    def take_int(self, *keys: str) -> int | None:
        """Like ``take``, as a whole number. A value that is none stays where it is."""
        for key in keys:
            number = as_int(self.attributes.get(key))
            if number is not None:
                del self.attributes[key]
                return number
        return None

    def take_float(self, *keys: str) -> float | None:
        """Like ``take``, as a finite number. A value that is none stays where it is."""
        for key in keys:
            number = as_float(self.attributes.get(key))
            if number is not None:
                del self.attributes[key]
                return number
        return None

    def take_map(self, prefix: str) -> dict[str, Any]:
        """Every attribute whose name starts with ``prefix``, under the rest of its name."""
        attributes = self.attributes
        keys = [key for key in attributes if key.startswith(prefix)]
        start = len(prefix)
        return {key[start:]: attributes.pop(key) for key in keys}

    def take_tree(self, prefix: str) -> Any:
        """Flattened attributes below ``prefix``, nested: ``a.0.b`` and ``a.1.b`` are the list ``[{b}, {b}]``."""
        return grow(self.take_map(prefix))

    def take_events(self, *names: str) -> list[OtlpEvent]:
        """Every span event of one of these names, in order."""
        if not self.events:
            return []
        found = [event for event in self.events if event.name in names]
        if found:
            self.events = [event for event in self.events if event.name not in names]
        return found

    # --- saying ------------------------------------------------------------------------------------------------

    def say(self, field: str, value: Any) -> None:
        """Say a field of the span, unless it is unknown (empty, ``None``) or was said before."""
        if value not in _UNKNOWN and field not in self.fields:
            self.fields[field] = value

    def say_text(self, field: str, *keys: str) -> None:
        """Take a text and say it."""
        if field in self.fields:
            return
        value = self.take(*keys)
        if value is not None and value != "":
            self.fields[field] = value if type(value) is str else as_text(value)

    def count(self, field: str, *keys: str) -> None:
        """Take a token count and say that field of ``model.Usage``."""
        if field not in self.usage:
            number = as_int(self.take(*keys))
            if number is not None and number >= 0:
                self.usage[field] = number

    def describe(self, **metadata: Any) -> None:
        """Add metadata under the client's names, what was said before wins."""
        self.add_metadata(metadata)

    def add_metadata(self, values: Mapping[str, Any]) -> None:
        """Add metadata under the client's names, what was said before wins."""
        for key, value in values.items():
            self.metadata.setdefault(key, value)


_UNKNOWN: tuple[Any, ...] = (None, "", (), [], {})


def grow(flat: Mapping[str, Any]) -> Any:
    """Nested lists and maps from dotted names. Whole-number steps make lists, in the order of the numbers.

    The numbers are order only: ``0`` and ``999999999`` make a list of two. A name that is both a value and a branch
    keeps its value under ``""``.
    """
    root: dict[str, Any] = {}
    for key, value in flat.items():
        node = root
        *path, leaf = key.split(".", ATTRIBUTE_DEPTH)
        for step in path:
            child = node.get(step)
            if type(child) is not _Branch:
                child = _Branch() if child is None else _Branch({"": child})
                node[step] = child
            node = child
        if type(node.get(leaf)) is _Branch:
            node[leaf][""] = value
        else:
            node[leaf] = value
    return _settle(root)


class _Branch(dict[str, Any]):
    """A map that ``grow`` made, to tell it from a map that is a value."""


def _settle(node: dict[str, Any]) -> Any:
    settled = {key: _settle(value) if type(value) is _Branch else value for key, value in node.items()}
    if settled and all(key.isdecimal() and len(key) <= 9 for key in settled):  # noqa: PLR2004 - an index, not an id
        return [settled[key] for key in sorted(settled, key=int)]
    return settled
