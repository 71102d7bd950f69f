"""Input and output of Langfuse observations: messages where a model was asked, arguments and results elsewhere."""

from collections.abc import Mapping
from typing import Any, Final

from onrecord.model.span import Document
from onrecord.normalize.bodies import request_messages, response_messages
from onrecord.normalize.calls import arguments_of
from onrecord.normalize.draft import Draft
from onrecord.normalize.messages import message, message_of, tools_of
from onrecord.normalize.values import as_float, as_list, as_text, first, without

_MODELS: Final = ("llm", "embedding")
_SAID: Final = frozenset(
    {"messages", "input", "prompt", "contents", "instructions", "system", "tools", "functions", "systemInstruction",
     "system_instruction"}
)  # fmt: skip
_ITEMS: Final = ("message", "reasoning", "function_call", "output_text")
_LANGCHAIN: Final = ("ai", "human", "system", "tool", "AIMessageChunk")
_TEXT_KEYS: Final = ("page_content", "pageContent", "content", "text")


def read_sides(draft: Draft, kind: str) -> None:
    """Say what went in and what came out; what a trace says of itself serves where the step says nothing."""
    given = draft.take_json("langfuse.observation.input")
    gave = draft.take_json("langfuse.observation.output")
    if given is None:
        given = draft.take_json("langfuse.trace.input", "input")
    if gave is None:
        gave = draft.take_json("langfuse.trace.output", "output")
    given = arguments_of(given)
    if kind == "tool":
        draft.tool["name"] = draft.otlp.name
        if given is not None:
            draft.tool["arguments"] = given
        if gave is not None:
            draft.tool["result"] = gave
        return
    if kind == "retriever":
        draft.say("query", as_text(given))
        documents = _documents(gave)
        draft.documents.extend(documents)
        gave = None if documents else gave
    elif given is not None and given != "":
        draft.input.extend(_asked(draft, given) if kind in _MODELS else _passed("user", given))
    if gave is not None and gave != "":
        draft.output.extend(_answered(gave) if kind in _MODELS else _passed("assistant", gave))


def _asked(draft: Draft, given: Any) -> list[Any]:
    """What a model was asked; tools it was offered, and whatever else stands beside the messages."""
    found = request_messages(given)
    if not found:
        return [message("user", as_text(given))]
    if isinstance(given, Mapping):
        draft.say("tools", tools_of(first(given, "tools", "functions")))
        for name, value in without(given, _SAID).items():
            draft.parameters.setdefault(name, value)
    elif draft.fields.get("tools") is None:
        offered = [one for one in as_list(given) if isinstance(one, Mapping) and one.get("role") == "tool"]
        _offered(draft, found, [one for one in offered if isinstance(one.get("content"), Mapping)])
    return found


def _offered(draft: Draft, found: list[Any], offered: list[Mapping[str, Any]]) -> None:
    """LangChain's handler puts tool definitions behind the messages, as messages of role ``tool``."""
    definitions = [
        one["content"] for one in offered if "function" in one["content"] or "input_schema" in one["content"]
    ]
    if definitions:
        draft.say("tools", tools_of(definitions))
        del found[len(found) - len(definitions) :]


def _answered(gave: Any) -> list[Any]:
    if isinstance(gave, Mapping) and "role" in gave:
        return [message_of(dict(gave), "assistant")]
    if isinstance(gave, list) and gave and isinstance(gave[0], Mapping) and gave[0].get("type") in _ITEMS:
        gave = {"output": gave}
    return response_messages(gave) or [message("assistant", as_text(gave))]


def _passed(role: str, value: Any) -> list[Any]:
    """What any step was given or gave: messages when it is nothing else, else the value as text."""
    one = isinstance(value, Mapping) and _is_message(value)
    if one or isinstance(value, list) or (isinstance(value, Mapping) and set(value) == {"messages"}):
        read = request_messages if role == "user" else response_messages
        found = [message_of(dict(value), role)] if one else read(value)
        if found and all(one.parts for one in found):
            return found
    return [message(role, as_text(value))]


def _is_message(value: Mapping[str, Any]) -> bool:
    """Whether a map is one message: with a role, of LangChain's Python, or of its JavaScript."""
    if value.get("type") == "constructor":
        kwargs = value.get("kwargs")
        return isinstance(kwargs, Mapping) and "content" in kwargs
    return "content" in value and ("role" in value or value.get("type") in _LANGCHAIN)


def _documents(gave: Any) -> list[Document]:
    """Documents that a retriever found; nothing when one of them is none."""
    if not isinstance(gave, list):
        return []
    found = []
    for one in gave:
        if isinstance(one, str):
            found.append(Document(content=one))
            continue
        text = first(one, *_TEXT_KEYS) if isinstance(one, Mapping) else None
        if text is None:
            return []
        rest = without(one, frozenset({"id", "score", "metadata", "type", *_TEXT_KEYS}))
        metadata = one.get("metadata")
        if rest:
            metadata = {**metadata, **rest} if isinstance(metadata, Mapping) else rest
        found.append(Document(as_text(one.get("id")), as_text(text), as_float(one.get("score")), metadata or None))
    return found
