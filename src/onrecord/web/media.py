"""Media that a step mentions: inline parts, files kept as records of their own, attachments. Pure.

Only what a medium is stands on a page (type, size, where); its bytes are exact content and are asked for one by one.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from onrecord.model.message import Part
from onrecord.model.span import Span

SHOWN: Final = 100
"""Media of one step on a page."""
PICTURES: Final = ("image/png", "image/jpeg", "image/gif", "image/webp", "image/avif")
"""What a browser may show of a stranger's bytes; everything else is saved to a file, drawings that hold script too."""
_KEPT: Final = re.compile(r"@@@langfuseMedia:type=([^|@]{0,100})\|id=([^|@]{1,200})\|source=[^|@]{0,100}@@@")
_FORM: Final = re.compile(r"[\w.+-]+/[\w.+-]+", re.ASCII)


class Medium(msgspec.Struct, frozen=True, kw_only=True):
    """One medium of a step."""

    form: str
    """What the client says that it is, such as ``image/png``; empty is unknown."""
    size: int | None = None
    name: str = ""
    path: str = ""
    """Where the part stands that holds it inline: ``input.3.0``."""
    id: str = ""
    """The id under which it is a record of its own."""


def media_of(span: Span) -> tuple[Medium, ...]:
    """Every medium that a step mentions and that is kept, in the order of its messages."""
    found = {(one.path, one.id): one for one in _all(span)}
    return tuple(found.values())[:SHOWN]


def part_at(span: Span, path: str) -> Part | None:
    """The part of a message at ``input.3.0``."""
    side, _, rest = path.partition(".")
    number, _, place = rest.partition(".")
    messages = {"input": span.input, "output": span.output}.get(side, ())
    if not all(one.isascii() and one.isdigit() and len(one) < 9 for one in (number, place)):  # noqa: PLR2004 - a list
        return None
    if int(number) >= len(messages) or int(place) >= len(messages[int(number)].parts):
        return None
    return messages[int(number)].parts[int(place)]


def safe_type(form: str) -> str:
    """A media type as a header may say it."""
    return form.lower() if _FORM.fullmatch(form) else "application/octet-stream"


def _all(span: Span) -> Iterator[Medium]:
    for side, messages in (("input", span.input), ("output", span.output)):
        for number, message in enumerate(messages):
            for place, part in enumerate(message.parts):
                if part.type == "media" and part.data:
                    yield Medium(form=part.mime, size=len(part.data), path=f"{side}.{number}.{place}")
                yield from _named(f"{part.text[:100_000]} {part.uri}")
    yield from _named(" ".join(str(value)[:2_000] for value in span.metadata.values()))
    yield from _attached(span.attributes.get("attachments"))


def _named(text: str) -> Iterator[Medium]:
    for form, id_ in _KEPT.findall(text):
        yield Medium(form=form, id=id_)


def _attached(value: Any) -> Iterator[Medium]:
    items = value.values() if isinstance(value, Mapping) else value
    if not isinstance(items, Sequence) and not isinstance(value, Mapping):
        return
    for one in items:
        if isinstance(one, Mapping) and isinstance(one.get("id"), str):
            size = one.get("size")
            yield Medium(
                form=str(one.get("media_type", "")),
                size=size if isinstance(size, int) else None,
                name=str(one.get("name", ""))[:200],
                id=one["id"],
            )
