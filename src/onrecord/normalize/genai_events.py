"""Content of GenAI calls in events: a message each, as older conventions have it, or everything in one.

The same events come on spans and as log records. Source: semantic-conventions 1.28 to 1.37, semantic-conventions-genai.
"""

from collections.abc import Mapping
from typing import Any, Final

from onrecord.model.message import Message
from onrecord.model.otlp import OtlpEvent
from onrecord.normalize.draft import Draft
from onrecord.normalize.evaluation import evaluation_of
from onrecord.normalize.messages import message_of, messages_of
from onrecord.normalize.values import parsed

_ROLES: Final = {
    "gen_ai.system.message": "system", "gen_ai.user.message": "user", "gen_ai.assistant.message": "assistant",
    "gen_ai.tool.message": "tool",
}  # fmt: skip
DETAILS: Final = "gen_ai.client.inference.operation.details"
"""The event that carries what the attributes of a span could carry."""

_CONTENT_EVENTS: Final = frozenset(
    {*_ROLES, "gen_ai.choice", "gen_ai.content.prompt", "gen_ai.content.completion", "gen_ai.evaluation.result",
     DETAILS}
)  # fmt: skip


def take_content(draft: Draft) -> list[OtlpEvent]:
    """Take every event with content out of the draft; details become attributes, where they are not said already."""
    found = [event for event in draft.events if event.name in _CONTENT_EVENTS]
    if found:
        draft.events = [event for event in draft.events if event.name not in _CONTENT_EVENTS]
        for event in found:
            if event.name == DETAILS:
                for key, value in event.attributes.items():
                    draft.attributes.setdefault(key, value)
    return found


def read_event(draft: Draft, event: OtlpEvent) -> None:
    """Read one event that carries content, of a span or from a log record."""
    name, values = event.name, event.attributes
    if name == "gen_ai.evaluation.result":
        score = evaluation_of(values, draft.otlp, event.time_unix_nano)
        if score is not None:
            draft.scores.append(score)
    elif name == "gen_ai.choice":
        draft.output.append(choice_of(values))
    elif name == "gen_ai.content.prompt":
        draft.input.extend(messages_of(values.get("gen_ai.prompt")))
    elif name == "gen_ai.content.completion":
        draft.output.extend(messages_of(values.get("gen_ai.completion"), "assistant"))
    elif name in _ROLES:
        draft.input.append(message_of(_event_message(values), _ROLES[name]))


def _event_message(values: Mapping[str, Any]) -> dict[str, Any]:
    """The message of a message event; older ones put a tool call's id under ``id``."""
    said = {key.removeprefix("gen_ai.event."): value for key, value in values.items() if key not in _EVENT_NOISE}
    if said.get("role") == "tool" or ("id" in said and "tool_calls" not in said):
        said.setdefault("tool_call_id", said.pop("id", ""))
    for key in ("content", "tool_calls"):
        if key in said:
            said[key] = parsed(said[key])
    return said


_EVENT_NOISE: Final = frozenset({"gen_ai.system", "gen_ai.provider.name", "event.name"})


def choice_of(values: Mapping[str, Any]) -> Message:
    """The message of a ``gen_ai.choice``: inside ``message``, or beside the finish reason."""
    inner = parsed(values.get("message"))
    said = dict(inner) if isinstance(inner, dict) else {"content": inner} if inner is not None else {}
    for key, value in values.items():
        if key not in _EVENT_NOISE and key not in ("message", "index"):
            said.setdefault(key, parsed(value) if key == "tool_calls" else value)
    return message_of(said, "assistant")
