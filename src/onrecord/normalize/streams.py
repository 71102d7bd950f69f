"""Streams put together: from the pieces of an answer to the body that the provider would have sent in one.

Each provider's way stands in a file of its own, ``stream_*``. They agree on one thing: given the values of all events
in order, none makes them fail, and what they can not place they hand back.
"""

from collections.abc import Callable, Iterable, Iterator

import msgspec
import orjson

from onrecord.normalize import stream_anthropic, stream_gemini, stream_ollama, stream_openai, stream_responses
from onrecord.normalize.sse import events
from onrecord.normalize.stream import Told, Whole

_DONE = b"[DONE]"
_UNREAD = 20
"""Events that could not be read, kept as they were sent; the rest are counted."""

_BUILDERS: dict[str, Callable[[Iterable[Told]], Whole]] = {
    "openai": stream_openai.whole,
    "responses": stream_responses.whole,
    "anthropic": stream_anthropic.whole,
    "gemini": stream_gemini.whole,
    "ollama": stream_ollama.whole,
}


class Stream(msgspec.Struct, frozen=True, kw_only=True):
    """What a stream said."""

    whole: Whole
    count: int
    """Its events."""
    unread: tuple[str, ...] = ()
    """Events that are no JSON, as text."""


def put_together(body: bytes, media: str, api: str) -> Stream | None:
    """The answer that a stream told; nothing when the body is no stream of this API."""
    build = _BUILDERS.get(api)
    if build is None:
        return None
    if media.startswith("text/event-stream"):
        pieces = _sse(body)
    elif "ndjson" in media or "jsonl" in media or media.startswith("application/stream+json"):
        pieces = _lines(body)
    elif api == "gemini" and body.lstrip()[:1] == b"[":
        pieces = _array(body)
    else:
        return None
    told: list[Told] = []
    unread: list[str] = []
    ended = False
    count = 0
    for name, data, end in pieces:
        count += 1
        if data.strip() == _DONE:
            ended = True
            continue
        try:
            told.append(Told(name, orjson.loads(data), end))
        except ValueError:
            unread.append(data.decode("utf-8", "replace"))
    whole = build(told)
    if ended:
        whole.complete = True
    return Stream(whole=whole, count=count, unread=tuple(unread[:_UNREAD]))


def _sse(body: bytes) -> Iterator[tuple[str, bytes, int]]:
    for event in events(body):
        yield event.name, event.data, event.end


def _lines(body: bytes) -> Iterator[tuple[str, bytes, int]]:
    end = 0
    for line in body.split(b"\n"):
        end += len(line) + 1
        if line.strip():
            yield "", line, min(end, len(body))


def _array(body: bytes) -> Iterator[tuple[str, bytes, int]]:
    """The items of a JSON array of objects that may have been cut."""
    depth, start, quoted, escaped = 0, -1, False, False
    for place, byte in enumerate(body):
        if quoted:
            quoted = escaped or byte != 0x22  # noqa: PLR2004 - a quotation mark
            escaped = byte == 0x5C and not escaped  # noqa: PLR2004 - a backslash
        elif byte == 0x22:  # noqa: PLR2004
            quoted = True
        elif byte == 0x7B:  # noqa: PLR2004 - {
            start = place if depth == 0 else start
            depth += 1
        elif byte == 0x7D and depth:  # noqa: PLR2004 - }
            depth -= 1
            if depth == 0:
                yield "", body[start : place + 1], place + 1
    if depth:
        yield "", body[start:], len(body)
