"""``inputs`` and ``outputs`` of a LangSmith run: a map of whatever a function took, and of whatever it gave.

What is a conversation becomes messages; any other map is kept whole, as one message of JSON. A tool's are its
arguments and its result, a retriever's a question and documents. What a model call says beyond its messages (model,
parameters, tools) is read into fields.
"""

import ast
import re
from collections.abc import Mapping
from typing import Any, Final

from onrecord.limits import ATTRIBUTE_DEPTH
from onrecord.model.message import Message, Part
from onrecord.model.span import Document
from onrecord.normalize import bodies
from onrecord.normalize.draft import Draft
from onrecord.normalize.langchain import first_generation, opened
from onrecord.normalize.langsmith_metadata import read_parameters, read_usage
from onrecord.normalize.messages import message, message_of
from onrecord.normalize.values import as_float, as_map, as_text, first, parsed

_CALLS: Final = ("llm", "embedding")


def read_inputs(draft: Draft, inputs: Any) -> None:
    """Read what a run took."""
    if inputs in _NOTHING:
        return
    kind = draft.fields.get("kind")
    value = opened(parsed(inputs))
    if kind == "tool":
        draft.tool["arguments"] = _arguments(value)
    elif kind == "retriever":
        _query(draft, value)
    else:
        _side(draft, "inputs", value)


def read_outputs(draft: Draft, outputs: Any) -> None:
    """Read what a run gave."""
    kind = draft.fields.get("kind")
    if kind == "tool":
        draft.tool.setdefault("name", draft.otlp.name)
    if outputs in _NOTHING or outputs == {"output": None}:  # a function that returned nothing, or failed
        return
    given = parsed(outputs)
    if isinstance(given, dict):
        read_usage(draft, given.get("usage_metadata"))
        _read_result(draft, given)
    value = opened(given)
    if kind == "tool":
        _result(draft, value)
    elif kind == "retriever" and _documents(draft, value):
        return
    else:
        _side(draft, "outputs", value)


_NOTHING: Final[tuple[Any, ...]] = (None, "", {}, [])


def _arguments(value: Any) -> Any:
    """A tool's arguments; older LangChain sends them as the text that Python prints for them."""
    if isinstance(value, dict) and value.keys() == {"input"}:
        value = parsed(value["input"])
    return _python_map(value) if isinstance(value, str) else value


_ESCAPES: Final = re.compile(r"\\[\\'\"abfnrtvxuUN0-7]")
_PRINTED: Final = 16_384
"""Characters of a printed map that is read: longer ones stay text."""


def _python_map(text: str) -> Any:
    """The map that a text of Python prints, when it is nothing but constants; any other text as it is."""
    if not text.startswith("{") or len(text) > _PRINTED or "\\" in _ESCAPES.sub("", text):
        return text
    if text.count("{") + text.count("[") + text.count("(") > ATTRIBUTE_DEPTH:
        return text
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return text
    return value if isinstance(value, dict) and all(isinstance(key, str) for key in value) else text


def _result(draft: Draft, value: Any) -> None:
    """A tool's result. LangChain puts it into a message of the tool, which says the call that it answers."""
    if isinstance(value, dict) and value.keys() <= {"output", "usage_metadata"}:
        value = value.get("output")
    if isinstance(value, dict) and value.get("role") == "tool" and "content" in value:
        if value.get("tool_call_id"):
            draft.tool.setdefault("call_id", as_text(value["tool_call_id"]))
        if value.get("artifact") is None:
            value = value["content"]
    draft.tool["result"] = parsed(value)


def _query(draft: Draft, value: Any) -> None:
    if isinstance(value, dict) and len(value) == 1:
        value = next(iter(value.values()))
    draft.say("query", as_text(value))


def _documents(draft: Draft, value: Any) -> bool:
    """Take a retriever's documents, if that is what it gave."""
    found = first(value, "documents", "output", "outputs") if isinstance(value, dict) else value
    if not isinstance(found, list) or not all(isinstance(one, dict) and "page_content" in one for one in found):
        return False
    for one in found:
        metadata = as_map(one.get("metadata"))
        score = as_float(first(one, "score") or metadata.get("score"))
        draft.documents.append(Document(as_text(one.get("id")), as_text(one["page_content"]), score, metadata or None))
    return True


def _read_result(draft: Draft, outputs: Mapping[str, Any]) -> None:
    """Id, served model, end and tokens of a model's answer, in the words of OpenAI or of LangChain."""
    if draft.fields.get("kind") not in _CALLS:
        return
    answer = outputs.get("output")
    source = answer if isinstance(answer, dict) and "model" in answer else outputs
    made = first_generation(outputs)
    if made:
        told = as_map(made.get("response_metadata"))
        read_usage(draft, made.get("usage_metadata"))
        read_usage(draft, as_map(outputs.get("llm_output")).get("token_usage"))
        draft.say("model_served", as_text(first(told, "model_name", "model", "model_id")))
        draft.say("response_id", as_text(first(told, "id") or _own_id(made.get("id"))))
        reason = first(told, "finish_reason", "stop_reason", "done_reason")
        draft.say("finish_reasons", (as_text(reason),) if reason else ())
        for name in ("system_fingerprint", "service_tier"):
            if told.get(name):
                draft.attributes[name] = told[name]
        return
    read_usage(draft, source.get("usage"))
    draft.say("model_served", as_text(source.get("model")))
    draft.say("response_id", as_text(source.get("id")))
    if source.get("object") == "response":  # OpenAI's responses end with a status
        reason = as_map(source.get("incomplete_details")).get("reason") or source.get("status")
        draft.say("finish_reasons", (as_text(reason),) if reason else ())


def _own_id(value: Any) -> str:
    """The provider's id of an answer; LangChain makes one of its own where it has none."""
    text = as_text(value)
    return "" if text.startswith(("run-", "lc_run-")) else text


def _side(draft: Draft, name: str, value: Any) -> None:
    """The messages of one side; what it says beyond them stays an attribute."""
    entering = name == "inputs"
    call = draft.fields.get("kind") in _CALLS
    if not entering and isinstance(value, dict):
        value = {key: item for key, item in value.items() if key != "usage_metadata"}
    told, rest = _told(value, entering, call)
    if not told:
        if value not in _NOTHING:
            role = "user" if entering else "assistant"
            told = [Message(role, (Part("text", as_text(value), mime="application/json"),))]
    elif isinstance(rest, dict):
        rest = _fields(draft, rest, entering) if call else rest
        left = bodies.residue(rest, lambda: bodies.texts_in([*draft.input, *told]) | _said(draft), _numbers(draft))
        if left is not None:
            draft.attributes[name] = left
    (draft.input if entering else draft.output).extend(told)


def _told(value: Any, entering: bool, call: bool) -> tuple[list[Message], Any]:
    """The messages in a value, and where else to look for what it says."""
    found = _messages(value, entering)
    if found or not isinstance(value, dict):
        return found, value
    for key in ("input", "output", "outputs", "prompts"):
        inner = value.get(key)
        if isinstance(inner, dict):
            found = _messages(inner, entering) or _one(inner, entering)
            if found:
                return found, inner
        elif isinstance(inner, list) and inner and all(isinstance(one, str) for one in inner):
            if call and not entering:  # a stream that nobody put together
                return [message("assistant", "".join(inner))], None
            if key == "prompts":
                return [message("user", one) for one in inner], None
        elif isinstance(inner, list) and not entering:
            found = _of_commands(inner)
            if found:
                return found, value
    return [], value


def _messages(value: Any, entering: bool) -> list[Message]:
    return bodies.request_messages(value) if entering else bodies.response_messages(value)


def _one(value: Mapping[str, Any], entering: bool) -> list[Message]:
    return [message_of(value, "user" if entering else "assistant")] if "role" in value else []


def _of_commands(items: list[Any]) -> list[Message]:
    """The messages by which a node of LangGraph changes the state, when that is all that it does."""
    found: list[Message] = []
    for item in items:
        update = item.get("update") if isinstance(item, dict) else None
        if not isinstance(update, dict):
            return []
        found.extend(bodies.response_messages(update))
    return found


def _fields(draft: Draft, rest: dict[str, Any], entering: bool) -> dict[str, Any]:
    """What a call says beside its messages, read into fields; what none of them carries is left."""
    if not entering:
        known = (
            "model",
            "usage",
            "object",
            "created",
            "created_at",
            "status",
            "run",
            "llm_output",
            "tools",
            "parallel_tool_calls",
            "tool_choice",
            "instructions",
        )
        return {key: item for key, item in rest.items() if key not in known and item is not None}
    if "model" not in rest:
        return rest
    draft.say("model_requested", as_text(rest["model"]))
    content = ("messages", "input", "instructions", "prompt", "contents", "system")
    read_parameters(draft, {key: item for key, item in rest.items() if key not in content})
    return {key: item for key, item in rest.items() if key in content}


def _said(draft: Draft) -> set[str]:
    said = {text for text in draft.fields.values() if type(text) is str}
    said.update(draft.fields.get("finish_reasons", ()))
    said.update(value for value in draft.attributes.values() if type(value) is str)
    return said | _OBJECTS


_OBJECTS: Final = frozenset({"Generation", "GenerationChunk", "ChatGeneration", "ChatGenerationChunk", "LLMResult"})
"""What LangChain calls the frames around an answer."""


def _numbers(draft: Draft) -> set[Any]:
    numbers: set[Any] = {count for count in draft.usage.values() if type(count) is int}
    return numbers | {0} if numbers else numbers
