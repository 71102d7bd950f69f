"""What a step that is no model call was given and gave back, when a decorator logged it: arguments and results.

Shared by the dialects of SDKs that log the arguments of any function. Pure; no value makes it fail.
"""

from typing import Any

import orjson

from onrecord.model.message import Message
from onrecord.normalize.bodies import request_messages, response_messages
from onrecord.normalize.draft import Draft, grow
from onrecord.normalize.messages import message, tool_of
from onrecord.normalize.values import as_list, as_text, parsed


def unquoted(value: Any) -> Any:
    """The value that a JSON text says, also when it is the JSON text of a JSON text: a tool's result encoded twice."""
    if type(value) is str and value[:1] == '"':
        try:
            value = orjson.loads(value)
        except ValueError:
            return value
    return parsed(value)


def arguments_of(value: Any) -> Any:
    """The arguments of a call from ``{"args": [...], "kwargs": {...}}``: whichever of the two there is."""
    if isinstance(value, dict) and value.keys() == {"args", "kwargs"}:
        if not value["args"]:
            return value["kwargs"]
        if not value["kwargs"]:
            return value["args"]
    return value


def say_functions(draft: Draft) -> None:
    """Tools that were offered, flattened as ``llm.request.functions.N.name``."""
    if "llm.request.functions.0.name" in draft.attributes:
        tools = grow(draft.take_map("llm.request.functions."))
        draft.say("tools", tuple([tool_of(item) for item in as_list(tools)]))


def say_sides(draft: Draft, given: Any, gave: Any) -> None:
    """Input and output of a step: the messages in them, else their text."""
    if given is not None and given != "" and not draft.input:
        draft.input.extend(request_messages(given) or _told("user", given))
    if gave is not None and gave != "" and not draft.output:
        draft.output.extend(response_messages(gave) or _told("assistant", gave))


def _told(role: str, value: Any) -> list[Message]:
    return [message(role, as_text(value))]
