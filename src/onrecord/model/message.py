"""Messages: what went into a model and what came out, in one shape for every convention.

A message is a role and its parts in order. Roles are ``system``, ``developer``, ``user``, ``assistant``, ``tool``
and, when a client uses another word, that word. A value that the client sent as JSON text stays text when it does
not parse; nothing is ever dropped: keys of a part that no field names stand in ``extra``.
"""

from typing import Any

import msgspec


class Part(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One piece of a message.

    ``type`` is one of ``text``, ``reasoning``, ``refusal``, ``tool_call``, ``tool_result``, ``media``, ``data``;
    ``data`` is a piece that no convention names, kept whole in ``extra``.
    """

    type: str = "text"
    text: str = ""
    id: str = ""
    """The tool call that a ``tool_call`` makes or a ``tool_result`` answers."""
    name: str = ""
    """The tool's name."""
    value: Any = None
    """Arguments of a ``tool_call``, result of a ``tool_result``: parsed JSON, or the text that did not parse."""
    mime: str = ""
    uri: str = ""
    data: bytes = b""
    """Bytes of a ``media`` part that came inline."""
    extra: dict[str, Any] = {}


class Message(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One message of a conversation, as sent to or returned by a model."""

    role: str
    parts: tuple[Part, ...] = ()
    name: str = ""
    id: str = ""
    finish_reason: str = ""
    extra: dict[str, Any] = {}


class ToolDefinition(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A tool that the model was offered."""

    name: str
    description: str = ""
    parameters: Any = None
    """The JSON schema of its arguments."""
    extra: dict[str, Any] = {}


def text_of(message: Message) -> str:
    """The words of a message that a reader reads: text, refusals and reasoning, a line each."""
    return "\n".join(part.text for part in message.parts if part.text)
