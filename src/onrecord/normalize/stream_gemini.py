"""Pieces of Gemini's ``streamGenerateContent``, put together: every piece is an answer of its own, of further parts.

Text parts that follow one another and differ in nothing but their text are one part. Counts and reasons are those of
the last piece that names them. Source: Gemini API reference, "GenerateContentResponse".
"""

from collections.abc import Iterable
from typing import Any

from onrecord.normalize.growing import append, settled
from onrecord.normalize.stream import Told, Whole


def whole(told: Iterable[Told]) -> Whole:
    """The answer that pieces tell."""
    found = Whole()
    candidates: dict[int, dict[str, Any]] = {}
    for one in told:
        piece = one.value
        if isinstance(piece, list) and len(piece) == 1:
            piece = piece[0]
        if not isinstance(piece, dict):
            found.strange.append(piece)
            continue
        if piece.get("error"):
            found.error = piece["error"]
            continue
        found.body.update({key: value for key, value in piece.items() if key != "candidates" and value is not None})
        for candidate in piece.get("candidates") or []:
            if isinstance(candidate, dict) and _candidate(candidates, candidate) and not found.first:
                found.first = one.end
    if candidates:
        found.body["candidates"] = [settled(candidates[index]) for index in sorted(candidates)]
    found.complete = bool(candidates) and all(one.get("finishReason") for one in candidates.values())
    return found


def _candidate(candidates: dict[int, dict[str, Any]], piece: dict[str, Any]) -> bool:
    """Let a candidate grow; whether it grew by content."""
    index = piece.get("index")
    known = candidates.setdefault(index if isinstance(index, int) else 0, {})
    content = piece.get("content")
    known.update({key: value for key, value in piece.items() if key != "content" and value is not None})
    if not isinstance(content, dict):
        return False
    grown = known.setdefault("content", {"parts": []})
    grown.update({key: value for key, value in content.items() if key != "parts"})
    parts = content.get("parts")
    for part in parts if isinstance(parts, list) else []:
        if isinstance(part, dict):
            _part(grown["parts"], part)
    return bool(parts)


def _part(parts: list[dict[str, Any]], piece: dict[str, Any]) -> None:
    text = piece.get("text")
    if isinstance(text, str) and parts and "text" in parts[-1] and _rest(parts[-1]) == _rest(piece):
        append(parts[-1], "text", text)
    else:
        parts.append(dict(piece))


def _rest(part: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in part.items() if key != "text"}
