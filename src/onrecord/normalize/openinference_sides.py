"""``input.value`` and ``output.value`` of OpenInference: what a step got and gave, as a text or as JSON.

Beside flattened messages they repeat them, so only what they say beyond is kept. The richer of the two is believed:
flattening loses refusals and parts that its convention does not name.
"""

from typing import Any, Final

from onrecord.model.message import Message, Part, ToolDefinition
from onrecord.model.span import Document
from onrecord.normalize import bodies
from onrecord.normalize.draft import Draft
from onrecord.normalize.messages import message, tool_of
from onrecord.normalize.values import as_text, as_texts, parsed

_CALLS: Final = ("llm", "embedding", "reranker")


def read_sides(draft: Draft) -> None:
    """Read both sides, as the kind of the span means them."""
    reader = _SIDES.get(draft.fields["kind"])
    if reader is not None:
        reader(draft)
    asked = draft.attributes.pop("input.value", None)
    if asked is not None:
        draft.attributes.pop("input.mime_type", None)
        draft.input = _side(draft, "input.value", asked, draft.input)
    answered = draft.attributes.pop("output.value", None)
    if answered is not None:
        draft.attributes.pop("output.mime_type", None)
        draft.output = _side(draft, "output.value", answered, draft.output)


def _tool(draft: Draft) -> None:
    """The execution of a tool: its arguments and result are no messages."""
    tool, pop = draft.tool, draft.attributes.pop
    for field, key in (("name", "tool.name"), ("description", "tool.description"), ("call_id", "tool.id")):
        value = as_text(pop(key, None))
        if value:
            tool[field] = value
    tool.setdefault("name", draft.otlp.name)
    schema = parsed(pop("tool.json_schema", None))
    parameters = parsed(pop("tool.parameters", None))
    arguments, result = parsed(pop("input.value", None)), parsed(pop("output.value", None))
    if arguments is None and parameters is not None and not _is_schema(parameters):
        arguments, parameters = parameters, None
    if schema is not None:
        draft.say("tools", (tool_of(schema),))
    elif parameters is not None:
        draft.say("tools", (ToolDefinition(tool["name"], tool.get("description", ""), parameters),))
    if arguments is not None:
        tool["arguments"] = arguments
    if result is not None:
        tool["result"] = _opened(tool, result)
    pop("input.mime_type", None)
    pop("output.mime_type", None)


def _opened(tool: dict[str, Any], result: Any) -> Any:
    """LangChain puts a result into a message of the tool, which says the call that it answers."""
    data = result.get("data") if isinstance(result, dict) and result.get("type") == "tool" else None
    if not isinstance(data, dict) or "content" not in data or data.get("artifact") is not None:
        return result
    tool.setdefault("call_id", as_text(data.get("tool_call_id")))
    return parsed(data["content"])


def _is_schema(value: Any) -> bool:
    return isinstance(value, dict) and ("properties" in value or "$schema" in value or value.get("type") == "object")


def _query(draft: Draft) -> None:
    """A retriever or reranker: what was asked is a query, what was found are documents."""
    pop = draft.attributes.pop
    asked = pop("input.value", None)
    if asked is not None:
        if "query" in draft.fields:
            draft.attributes["input.value"] = asked
        draft.say("query", as_text(asked))
    pop("input.mime_type", None)
    if draft.documents:
        found = draft.attributes.get("output.value")
        if found is not None and bodies.residue(parsed(found), lambda: _document_texts(draft.documents), set()) is None:
            pop("output.value")
            pop("output.mime_type", None)


def _document_texts(documents: list[Document]) -> set[str]:
    known: set[str] = set()
    for document in documents:
        known.update((document.id, document.content, as_text(document.score), as_text(document.metadata)))
        if isinstance(document.metadata, dict):
            known.update(as_text(value) for value in document.metadata.values())
    return known


_SIDES: Final = {"tool": _tool, "retriever": _query, "reranker": _query}


def _side(draft: Draft, key: str, said: Any, flat: list[Message]) -> list[Message]:
    """The messages of one side; what it says beyond them stays an attribute."""
    entering = key == "input.value"
    body = parsed(said)
    if isinstance(body, str):
        if flat and said not in bodies.texts_in(flat):
            draft.attributes[key] = said
        return flat or ([message("user" if entering else "assistant", said)] if said else [])
    call = draft.fields["kind"] in _CALLS
    if call and isinstance(body, dict):
        _body(draft, body, entering)
    if isinstance(body, dict) and (_same_messages(body, flat) if entering else _same_choice(body, flat)):
        del body["messages" if entering else "choices"]
        if not body:
            return flat
    else:
        told = bodies.request_messages(body) if entering else bodies.response_messages(body)
        if _richer(told, flat):
            flat = told
    if not flat and draft.fields["kind"] != "embedding":
        role = "user" if entering else "assistant"
        return [Message(role, (Part("text", as_text(said), mime="application/json"),))]
    rest = bodies.residue(body, lambda: bodies.texts_in(flat) | _said(draft), _numbers(draft))
    if rest is not None:
        draft.attributes[key] = rest
    return flat


def _richer(told: list[Message], flat: list[Message]) -> bool:
    """Whether a body says more than the flattened messages: more parts, or as many in fewer messages."""
    if not told:
        return False
    more = sum(len(one.parts) for one in told) - sum(len(one.parts) for one in flat)
    return more > 0 or (more == 0 and len(told) < len(flat))


def _same_messages(body: dict[str, Any], flat: list[Message]) -> bool:
    """Whether the messages of a request are plain texts, and those that were read: the usual case, told apart fast."""
    said = body.get("messages")
    if type(said) is not list or len(said) != len(flat):
        return False
    for one, known in zip(said, flat, strict=True):
        parts = known.parts
        if type(one) is not dict or len(one) != 2 or len(parts) != 1:  # noqa: PLR2004 - a role and a content
            return False
        if one.get("content") != parts[0].text or one.get("role") != known.role:
            return False
    return True


def _same_choice(body: dict[str, Any], flat: list[Message]) -> bool:
    """Whether the only choice of a response is a plain text, and the one that was read."""
    choices = body.get("choices")
    if type(choices) is not list or len(choices) != 1 or len(flat) != 1 or type(choices[0]) is not dict:
        return False
    one, known = choices[0].get("message"), flat[0]
    if type(one) is not dict or len(known.parts) != 1 or choices[0].get("logprobs"):
        return False
    if one.get("content") != known.parts[0].text or one.get("role") != known.role:
        return False
    return not any(value for key, value in one.items() if key not in ("role", "content"))


def _body(draft: Draft, body: dict[str, Any], entering: bool) -> None:
    """Fields that only the body of a model call says; what fields say already is taken out of it."""
    fields = draft.fields
    for name, value in draft.parameters.items():
        if name in body and body[name] == value:
            del body[name]
    for name in ("tools", "functions"):
        tools = body.get(name)
        if isinstance(tools, list) and len(tools) == len(fields.get("tools", ())):
            del body[name]
    model = body.pop("model", None)
    if not entering:
        _response(draft, body)
        return
    if type(model) is str and model:
        fields["model_requested"] = model
    if "user" in body and body["user"] == draft.metadata.get("user"):
        del body["user"]


def _response(draft: Draft, body: dict[str, Any]) -> None:
    """Id, served model and end of a response, which no flattened attribute says."""
    fields = draft.fields
    identity = body.get("id")
    if type(identity) is str and identity and fields.setdefault("response_id", identity) == identity:
        del body["id"]
    if "generations" in body:
        told = _langchain(body)
        draft.say("response_id", as_text(told.get("id")))
        if told.get("model_name"):
            fields["model_served"] = as_text(told["model_name"])
    if body.get("object") == "response" and "finish_reasons" not in fields:  # OpenAI's responses end with a status
        details = body.get("incomplete_details")
        reason = details.get("reason") if isinstance(details, dict) else None
        draft.say("finish_reasons", as_texts(reason or body.get("status")))
    if "embedding.embeddings.0.embedding.vector" in draft.attributes:
        body.pop("data", None)


def _langchain(body: dict[str, Any]) -> dict[str, Any]:
    """``response_metadata`` of the first generation of LangChain's ``LLMResult``."""
    value: Any = body["generations"]
    while isinstance(value, list) and value:
        value = value[0]
    for key in ("message", "kwargs", "response_metadata"):
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def _said(draft: Draft) -> set[str]:
    said = {text for text in draft.fields.values() if type(text) is str}
    said.update(draft.fields.get("finish_reasons", ()))
    said.update(part.text for one in draft.input for part in one.parts)
    return said


def _numbers(draft: Draft) -> set[Any]:
    numbers = {count for count in draft.usage.values() if type(count) is int}
    if numbers:
        numbers.add(0)
    return numbers
