"""OpenTelemetry GenAI: the current names and every older one that is still emitted.

Content comes as ``gen_ai.input.messages`` (a value or its JSON text), as flattened ``gen_ai.prompt.N.*``, or as span
events. Sources: semantic-conventions-genai (no release yet), semantic-conventions 1.28 to 1.44.
"""

from collections.abc import Mapping
from typing import Any, Final

from onrecord.model.message import Message
from onrecord.model.span import Document
from onrecord.normalize.calls import unquoted
from onrecord.normalize.draft import Draft, grow
from onrecord.normalize.evaluation import evaluation_of
from onrecord.normalize.genai_events import read_event, take_content
from onrecord.normalize.messages import message, message_of, messages_of, parts_of, tool_of, tools_of
from onrecord.normalize.values import as_float, as_int, as_list, as_text, as_texts, first, parsed

KINDS: Final = {
    "chat": "llm", "generate_content": "llm", "text_completion": "llm", "completion": "llm", "responses": "llm",
    "embeddings": "embedding", "embedding": "embedding", "retrieval": "retriever", "rerank": "reranker",
    "execute_tool": "tool", "invoke_agent": "agent", "create_agent": "agent", "plan": "agent",
    "invoke_workflow": "chain", "workflow": "chain", "framework": "chain", "search_memory": "memory",
    "create_memory": "memory", "update_memory": "memory", "upsert_memory": "memory", "delete_memory": "memory",
    "create_memory_store": "memory", "delete_memory_store": "memory", "evaluate": "evaluator", "guardrail": "guardrail",
    "apply_guardrail": "guardrail",
}  # fmt: skip
"""``gen_ai.operation.name`` to kind; another operation with a model is a model call."""


def matches(attributes: Mapping[str, Any]) -> bool:
    """Whether a span speaks GenAI."""
    for key in attributes:  # noqa: SIM110 - a generator costs three times as much, and this runs per span
        if key.startswith(("gen_ai.", "mcp.")):
            return True
    return False


def read(draft: Draft) -> None:
    """Read a span that speaks GenAI, or what another dialect left of these names."""
    content = take_content(draft) if draft.events else []
    for name, group in _taken(draft.attributes).items():
        reader = _GROUPS.get(name)
        if reader is None:
            _give_back(draft, name, group)
        else:
            reader(draft, group)
    for event in content:
        read_event(draft, event)
    _kind(draft)
    if "gen_ai.thread.id" in draft.attributes:
        draft.say_text("session_id", "gen_ai.thread.id")
    if "finish_reasons" not in draft.fields and "anthropic.message.stop_reason" in draft.attributes:
        draft.say("finish_reasons", as_texts(draft.take("anthropic.message.stop_reason")))  # Anthropic's own SDK


def _taken(attributes: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """``gen_ai.<group>.<rest>`` by group, under the rest of the name, in one pass. Single words are in ``""``."""
    groups: dict[str, dict[str, Any]] = {}
    for key in [key for key in attributes if key.startswith("gen_ai.")]:
        head, dot, rest = key[7:].partition(".")
        if not dot:
            head, rest = "", head
        group = groups.get(head)
        if group is None:
            group = groups[head] = {}
        group[rest] = attributes.pop(key)
    return groups


def _give_back(draft: Draft, name: str, group: Mapping[str, Any]) -> None:
    """What no field carries stays an attribute."""
    prefix = f"gen_ai.{name}." if name else "gen_ai."
    for rest, value in group.items():
        draft.attributes[prefix + rest] = value


def _say(draft: Draft, field: str, group: dict[str, Any], *names: str) -> None:
    """Take the first of the names that is there and say it as text."""
    for name in names:
        value = group.pop(name, None)
        if value is not None and value != "":
            draft.fields.setdefault(field, value if type(value) is str else as_text(value))
            return


def _words(draft: Draft, group: dict[str, Any]) -> None:
    """Names of one word: ``gen_ai.system``, ``gen_ai.user``, and content of the oldest form."""
    _say(draft, "provider", group, "system")
    if "user" in group:
        draft.metadata.setdefault("user", group.pop("user"))
    if "system_instructions" in group:
        _system(draft, group.pop("system_instructions"))
    for name, side, role in (("prompt", draft.input, "user"), ("completion", draft.output, "assistant")):
        value = group.pop(name, None)
        if value is not None and not side:
            side.extend(messages_of(value, role))
    _give_back(draft, "", group)


def _system(draft: Draft, value: Any) -> None:
    """System instructions stand first in the input, unless the messages say them already."""
    parts = parts_of(parsed(value))
    if parts and not any(one.role == "system" and one.parts == parts for one in draft.input):
        draft.input.insert(0, Message(role="system", parts=parts))


def _provider(draft: Draft, group: dict[str, Any]) -> None:
    name = group.pop("name", None)
    if name:
        draft.fields["provider"] = as_text(name)
    _give_back(draft, "provider", group)


def _request(draft: Draft, group: dict[str, Any]) -> None:
    """What was asked for: model and parameters, under the convention's names without its prefix."""
    _say(draft, "model_requested", group, "model")
    previous = group.pop("previous_response.id", None)
    if previous is not None:
        draft.attributes["gen_ai.request.previous_response.id"] = previous
    parameters = draft.parameters
    for name, value in group.items():
        if value is not None:
            parameters.setdefault(name, value)


def _response(draft: Draft, group: dict[str, Any]) -> None:
    _say(draft, "model_served", group, "model")
    _say(draft, "response_id", group, "id")
    for name in ("finish_reasons", "finish_reason", "stop_reason"):
        value = group.pop(name, None)
        if value is not None:
            draft.say("finish_reasons", as_texts(value))
    _first_token(draft, group, "time_to_first_chunk")
    _give_back(draft, "response", group)


def _first_token(draft: Draft, group: dict[str, Any], name: str) -> None:
    """The convention counts in seconds."""
    seconds = as_float(group.get(name))
    if seconds is not None and seconds >= 0:
        del group[name]
        draft.say("time_to_first_token_ms", seconds * 1000)


def _client(draft: Draft, group: dict[str, Any]) -> None:
    _first_token(draft, group, "operation.time_to_first_chunk")
    _give_back(draft, "client", group)


def _server(draft: Draft, group: dict[str, Any]) -> None:
    _first_token(draft, group, "time_to_first_token")
    _give_back(draft, "server", group)


_COUNTS: Final = {
    "input_tokens": "input", "prompt_tokens": "input", "output_tokens": "output", "completion_tokens": "output",
    "total_tokens": "total", "cache_read.input_tokens": "cache_read", "cache_read_input_tokens": "cache_read",
    "cached_tokens": "cache_read", "cache_write.input_tokens": "cache_write",
    "cache_creation.input_tokens": "cache_write", "cache_creation_input_tokens": "cache_write",
    "reasoning.output_tokens": "reasoning", "reasoning_tokens": "reasoning", "audio.input_tokens": "audio_input",
    "audio.output_tokens": "audio_output", "details.reasoning_tokens": "reasoning",
    "details.cache_read_tokens": "cache_read", "details.cache_write_tokens": "cache_write",
    "details.input_audio_tokens": "audio_input", "details.output_audio_tokens": "audio_output",
}  # fmt: skip
_COSTS: Final = ("cost", "cost_usd", "total_cost")


def _usage(draft: Draft, group: dict[str, Any]) -> None:
    """Token counts in every spelling, and a cost where an instrumentation adds one."""
    usage = draft.usage
    for name, value in group.items():
        if name in _COSTS:
            draft.say("cost_reported", as_float(value))
            continue
        count = value if type(value) is int else as_int(value)
        if count is None or count < 0:
            draft.attributes[f"gen_ai.usage.{name}"] = value
            continue
        field = _COUNTS.get(name)
        if field is not None:
            usage.setdefault(field, count)
        else:
            usage.setdefault("details", {})[name.removeprefix("details.")] = count


def _sides(side: str, role: str) -> Any:
    """A reader of ``gen_ai.input.*`` or ``gen_ai.output.*``."""

    def read_side(draft: Draft, group: dict[str, Any]) -> None:
        value = group.pop("messages", None)
        if value is not None:
            said = messages_of(value, role)
            held: list[Message] = getattr(draft, side)
            if not held or (side == "input" and all(one.role == "system" for one in held)):
                held.extend([one for one in said if one not in held])
        if side == "output" and "type" in group:
            draft.parameters.setdefault("output_type", group.pop("type"))
        _give_back(draft, side, group)

    return read_side


def _prompt(draft: Draft, group: dict[str, Any]) -> None:
    """Two things share the prefix: the managed prompt, and the flattened messages of older instrumentations."""
    flat = {key: group.pop(key) for key in list(group) if key[:1].isdecimal()}
    if flat:
        draft.input.extend(_indexed(flat, "user"))
    for name in ("name", "version"):
        if name in group:
            draft.prompt.setdefault(name, as_text(group.pop(name)))
    variables = {key[9:]: group.pop(key) for key in list(group) if key.startswith("variable.")}
    if variables:
        draft.prompt.setdefault("variables", variables)
    _give_back(draft, "prompt", group)


def _completion(draft: Draft, group: dict[str, Any]) -> None:
    flat = {key: group.pop(key) for key in list(group) if key[:1].isdecimal()}
    if flat:
        draft.output.extend(_indexed(flat, "assistant"))
    _give_back(draft, "completion", group)


def _indexed(flat: dict[str, Any], role: str) -> list[Message]:
    """Messages from ``N.role``, ``N.content``, ``N.tool_calls.M.*``; a content may be the JSON text of its parts."""
    found = []
    tree = grow(flat)
    for item in tree if isinstance(tree, list) else []:
        if not isinstance(item, dict):
            found.append(message(role, as_text(item)))
            continue
        content = item.get("content")
        value = parsed(content)
        if isinstance(value, list) and value and all(isinstance(part, dict) and "type" in part for part in value):
            item["content"] = value
        found.append(message_of(item, role))
    return found


def _tool(draft: Draft, group: dict[str, Any]) -> None:
    """Tools that were offered, and the one that was executed."""
    definitions = group.pop("definitions", None)
    if definitions is not None:
        draft.say("tools", tools_of(definitions))
    tool = draft.tool
    for name, field in _TOOL_NAMES:
        value = group.pop(name, None)
        if value is not None and value != "":
            tool.setdefault(field, as_text(value))
    for name, field in (("call.arguments", "arguments"), ("call.result", "result"), ("message", "result")):
        value = group.pop(name, None)
        if value is not None:
            tool.setdefault(field, unquoted(value))
    flat = {key: group.pop(key) for key in list(group) if key[:1].isdecimal()}
    if flat:
        draft.say("tools", tuple(tool_of(item) for item in as_list(grow(flat))))
    _give_back(draft, "tool", group)


_TOOL_NAMES: Final = (("name", "name"), ("call.id", "call_id"), ("type", "type"), ("description", "description"))


def _agent(draft: Draft, group: dict[str, Any]) -> None:
    _say(draft, "agent", group, "name")
    _give_back(draft, "agent", group)


def _workflow(draft: Draft, group: dict[str, Any]) -> None:
    _say(draft, "workflow", group, "name")
    _give_back(draft, "workflow", group)


def _retrieval(draft: Draft, group: dict[str, Any]) -> None:
    _say(draft, "query", group, "query.text")
    if "documents" in group:
        draft.documents.extend(document_of(item) for item in as_list(group.pop("documents")))
    _give_back(draft, "retrieval", group)


def _memory(draft: Draft, group: dict[str, Any]) -> None:
    _say(draft, "query", group, "query.text")
    if "records" in group:
        draft.documents.extend(document_of(item) for item in as_list(group.pop("records")))
    _give_back(draft, "memory", group)


def document_of(item: Any) -> Document:
    """A document from a map of any of the usual names; what these do not name is its metadata."""
    if not isinstance(item, dict):
        return Document(content=as_text(item))
    metadata = item.get("metadata")
    rest = {key: value for key, value in item.items() if key not in _DOCUMENT_KEYS and value is not None}
    if rest and isinstance(metadata, dict):
        metadata = {**metadata, **rest}
    return Document(
        id=as_text(first(item, "id", "document_id", "record_id")),
        content=as_text(first(item, "content", "text", "page_content", "document", "value")),
        score=as_float(first(item, "score", "relevance_score", "similarity")),
        metadata=metadata if metadata is not None else rest or None,
    )


_DOCUMENT_KEYS: Final = frozenset(
    {"id", "document_id", "record_id", "content", "text", "page_content", "document", "value", "score",
     "relevance_score", "similarity", "metadata"}
)  # fmt: skip


def _evaluation(draft: Draft, group: dict[str, Any]) -> None:
    score = evaluation_of({f"gen_ai.evaluation.{name}": value for name, value in group.items()}, draft.otlp)
    if score is None:
        _give_back(draft, "evaluation", group)
    else:
        draft.scores.append(score)


def _openai(draft: Draft, group: dict[str, Any]) -> None:
    for name in [name for name in group if name.startswith("request.")]:
        draft.parameters.setdefault(name[8:], group.pop(name))
    if "api_base" in group:
        draft.say("endpoint", as_text(group.pop("api_base")))
    _give_back(draft, "openai", group)


def _operation(draft: Draft, group: dict[str, Any]) -> None:
    name = as_text(group.get("name"))
    kind = KINDS.get(name)
    if kind is not None:
        draft.fields.setdefault("kind", kind)
        if name in _PLAIN_OPERATIONS:
            del group["name"]  # the kind says it
    _give_back(draft, "operation", group)


_PLAIN_OPERATIONS: Final = frozenset({"chat", "embeddings", "execute_tool", "retrieval", "rerank"})


def _kind(draft: Draft) -> None:
    """The kind of a span that names no operation: by what it has."""
    fields = draft.fields
    if fields.get("kind", "span") == "span":
        method = draft.attributes.get("mcp.method.name")
        if method == "tools/call" or draft.tool:
            fields["kind"] = "tool"
        elif "model_requested" in fields or "model_served" in fields or draft.input:
            fields["kind"] = "llm"
    if draft.tool and fields.get("kind") != "tool" and set(draft.tool) <= {"name", "type", "description"}:
        _give_back(draft, "tool", draft.tool)
        draft.tool = {}


_GROUPS: Final = {
    "": _words, "provider": _provider, "operation": _operation, "request": _request, "response": _response,
    "usage": _usage, "input": _sides("input", "user"), "output": _sides("output", "assistant"), "prompt": _prompt,
    "completion": _completion, "tool": _tool, "agent": _agent, "workflow": _workflow, "retrieval": _retrieval,
    "memory": _memory, "evaluation": _evaluation, "openai": _openai, "client": _client, "server": _server,
}  # fmt: skip
