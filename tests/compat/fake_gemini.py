"""The Gemini wire format of the fake provider: contents, whole and streamed, and embeddings.

Gemini counts thoughts *besides* the candidates' tokens; ``Reply.output`` is their sum. Source: Gemini API reference.
"""

from collections.abc import Iterator
from typing import Any

from tests.compat import plot
from tests.compat.plot import Reply

Json = dict[str, Any]
VERSION = "gemini-2.5-flash-001"


def reply(request: Json) -> Reply:
    """What to say to a request for content."""
    parts = request["contents"][-1]["parts"]
    return plot.reply_to(
        "".join(part.get("text", "") for part in parts),
        tools=bool(request.get("tools")),
        answers_tool=any("functionResponse" in part for part in parts),
        thinking="thinkingConfig" in (request.get("generationConfig") or {}),
    )


def _usage(said: Reply) -> Json:
    return {
        "promptTokenCount": said.input,
        "cachedContentTokenCount": said.cache_read,
        "candidatesTokenCount": said.output - said.reasoning,
        "thoughtsTokenCount": said.reasoning,
        "totalTokenCount": said.input + said.output,
    }


def _body(parts: list[Json], said: Reply, number: int, *, last: bool) -> Json:
    candidate: Json = {"content": {"role": "model", "parts": parts}, "index": 0}
    body: Json = {"candidates": [candidate], "modelVersion": VERSION, "responseId": f"gemini-{number:04}"}
    if last:
        candidate["finishReason"] = "STOP"
        body["usageMetadata"] = _usage(said)
    return body


def _parts(said: Reply) -> list[Json]:
    if said.call is not None:
        return [{"functionCall": {"name": "get_weather", "args": said.call}}]
    thought = [{"text": said.thought, "thought": True}] if said.thought else []
    return [*thought, {"text": said.text or said.refusal}]


def content(_: Json, said: Reply, number: int) -> Json:
    """A whole answer."""
    return _body(_parts(said), said, number, last=True)


def content_stream(_: Json, said: Reply, number: int) -> Iterator[tuple[str, Json]]:
    """The pieces of a streamed answer."""
    *before, last = _parts(said)
    pieces = [{"text": piece} for piece in said.pieces()] if said.text else [last]
    parts = [*before, *pieces]
    for place, part in enumerate(parts):
        yield "", _body([part], said, number, last=place == len(parts) - 1)


def embeddings(request: Json) -> Json:
    """Three-dimensional embeddings."""
    return {"embeddings": [{"values": [0.5, 0.25, 0.125]} for _ in request["requests"]]}


def error(status: int) -> Json:
    """The body of a failed request."""
    word, message = ("RESOURCE_EXHAUSTED", "Quota exceeded.") if status == 429 else ("INTERNAL", "Internal error.")
    return {"error": {"code": status, "message": message, "status": word}}
