"""Invented calls of a provider as the gateway hands them on."""

import json
from hashlib import sha256

from onrecord.model.exchange import Caller, Exchange, Kept
from onrecord.receive.exchanges import MEDIA, SIGNAL, packed
from onrecord.receive.port import Delivery
from tests.recorded import NOVEMBER_US, PROJECT

BEGAN_NS = NOVEMBER_US * 1_000


def exchange(number: int, *, user: str = "", question: str = "hello") -> Exchange:
    """One call; its answer is ``answer NUMBER``."""
    asked = {"model": "m", "messages": [{"role": "user", "content": question}]}
    said = {
        "id": f"c-{number}", "model": "m-1",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": f"answer {number}"}}],
    }  # fmt: skip
    return Exchange(
        trace_id=f"{number // 4 + 1:032x}", span_id=f"{number:016x}", upstream="openai", provider="openai",
        path="/v1/chat/completions", started_unix_nano=BEGAN_NS, ended_unix_nano=BEGAN_NS + 5_000_000, status=200,
        request=_kept(json.dumps(asked)), response=_kept(json.dumps(said)), caller=Caller(user_id=user),
    )  # fmt: skip


def kept(number: int, *, user: str = "", question: str = "hello") -> Delivery:
    """The call as the gateway gives it to a journal."""
    body = packed(exchange(number, user=user, question=question))
    return Delivery(project=PROJECT, signal=SIGNAL, media=MEDIA, body=body)


def _kept(text: str) -> Kept:
    data = text.encode()
    return Kept(data=data, size=len(data), sha256=sha256(data).digest(), media="application/json")
