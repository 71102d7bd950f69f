"""A large answer goes piece by piece, and what it holds is free when it is gone, taken or not."""

import asyncio
import weakref
from typing import Any

import pytest

from onrecord.receive import giving
from onrecord.receive.giving import Given


class Kept:
    """Something that can be watched."""


def given(body: bytes) -> tuple[Given, "weakref.ref[Kept]"]:
    kept = Kept()
    return Given(body, {"x-own": "1"}, "text/csv", kept), weakref.ref(kept)


async def _nothing() -> dict[str, Any]:
    return {"type": "http.disconnect"}


def test_it_is_whole_in_pieces_and_says_how_long_it_is() -> None:
    sent: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        await asyncio.sleep(0)
        sent.append(message)

    body = bytes(range(256)) * 1_000
    answer, held = given(body)
    asyncio.run(answer({"type": "http"}, _nothing, send))
    head, *pieces = sent
    assert dict(head["headers"])[b"content-length"] == str(len(body)).encode()
    assert b"".join(piece["body"] for piece in pieces) == body
    assert max(len(piece["body"]) for piece in pieces) <= 65_536
    assert [piece["more_body"] for piece in pieces] == [True] * (len(pieces) - 1) + [False]
    assert held() is None


def test_a_reader_who_takes_nothing_gets_no_end_and_holds_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(giving, "GIVING_SECONDS", 0.01)
    sent: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        sent.append(message)
        if message["type"] == "http.response.body":
            await asyncio.Event().wait()

    answer, held = given(b"x" * 200_000)
    asyncio.run(answer({"type": "http"}, _nothing, send))
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    assert held() is None
