"""The Model Context Protocol, as much of it as a server of tools without sessions needs: JSON-RPC messages. Pure.

Sources: the specification's revisions below, "Lifecycle", "Tools" and "Streamable HTTP"; JSON-RPC 2.0. Later revisions
have clients that fall back to these when ``server/discover`` is not known.
"""

from typing import Any, Final

import msgspec

REVISIONS: Final = ("2025-11-25", "2025-06-18", "2025-03-26")
"""Newest first."""
PARSE_ERROR: Final = -32700
INVALID_REQUEST: Final = -32600
METHOD_NOT_FOUND: Final = -32601
INVALID_PARAMS: Final = -32602
INTERNAL_ERROR: Final = -32603


class Message(msgspec.Struct, frozen=True):
    """A request, or a notification when it has no ``id``."""

    jsonrpc: str
    method: str
    id: str | int | msgspec.UnsetType = msgspec.UNSET
    params: dict[str, Any] = {}


class Call(msgspec.Struct, frozen=True):
    """The parameters of ``tools/call``."""

    name: str
    arguments: dict[str, Any] = {}


class Fault(Exception):
    """A message that can not be answered; what a client typed is not repeated."""

    def __init__(self, code: int, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence


_decode: Final = msgspec.json.Decoder(Message).decode


def read(body: bytes) -> Message:
    """The message in a request's body; raises ``Fault``."""
    try:
        message = _decode(body)
    except msgspec.ValidationError:
        raise Fault(INVALID_REQUEST, "The body is not one JSON-RPC message; batches are not taken.") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Fault(PARSE_ERROR, "The body is not JSON.") from None
    if message.jsonrpc != "2.0":
        raise Fault(INVALID_REQUEST, "The message is not of JSON-RPC 2.0.")
    return message


def call_of(message: Message) -> Call:
    """What ``tools/call`` asks for; raises ``Fault``."""
    try:
        return msgspec.convert(message.params, Call)
    except msgspec.ValidationError:
        raise Fault(INVALID_PARAMS, "A call has a name and arguments.") from None


def initialized(message: Message, version: str, instructions: str) -> dict[str, Any]:
    """The answer to ``initialize``: the client's revision when it is one of ours, else our newest."""
    wanted = message.params.get("protocolVersion")
    return {
        "protocolVersion": wanted if wanted in REVISIONS else REVISIONS[0],
        "capabilities": {"tools": {"listChanged": False}},
        "serverInfo": {"name": "onrecord", "title": "onrecord", "version": version},
        "instructions": instructions,
    }


def answer(id_: str | int, result: dict[str, Any]) -> bytes:
    """A response that says what was asked for."""
    return msgspec.json.encode({"jsonrpc": "2.0", "id": id_, "result": result})


def refusal(id_: str | int | None, fault: Fault) -> bytes:
    """A response that says what is wrong."""
    return msgspec.json.encode({"jsonrpc": "2.0", "id": id_, "error": {"code": fault.code, "message": fault.sentence}})


def said(value: Any) -> dict[str, Any]:
    """The result of a tool: JSON as text, which every client hands to its model."""
    return {"content": [{"type": "text", "text": msgspec.json.encode(value).decode()}], "isError": False}


def failed(sentence: str, hint: str) -> dict[str, Any]:
    """The result of a tool that could not do it: the model reads why, and what to do."""
    return {"content": [{"type": "text", "text": f"{sentence} {hint}".strip()}], "isError": True}
