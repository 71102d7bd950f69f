"""Logfire and Pydantic AI: GenAI messages with names of their own around them.

A streamed call becomes two spans in Logfire: the request, and after it a log-like span with the answer and the
counts; only the second is a model call here, the first is a step. Pending spans take the place of the span they
announce. Source: logfire 5.2 and pydantic-ai 2.68 (formats 2 and 5) as captured in tests/golden.
"""

from collections.abc import Mapping
from typing import Any, Final

from msgspec.structs import replace

from onrecord.model.message import Message
from onrecord.normalize.bodies import request_messages, residue, response_messages, texts_in
from onrecord.normalize.calls import unquoted
from onrecord.normalize.draft import Draft
from onrecord.normalize.messages import message_of, messages_of, tools_of
from onrecord.normalize.values import as_float, as_int, as_map, as_text, as_texts, parsed

_SCRUBBED: Final = "[Scrubbed due to"
_NO_PARENT: Final = "0000000000000000"
_AGGREGATED: Final = "gen_ai.aggregated_usage."
_AGENT_STEPS: Final = (
    ("Function:", "tool"), ("Agent run:", "agent"), ("Guardrail", "guardrail"), ("Turn ", "chain"), ("Task:", "chain"),
    ("OpenAI Agents trace:", "chain"), ("Handoff", "chain"),
)  # fmt: skip
_RAW_COUNTS: Final = (
    ("cache_read", ("prompt_tokens_details", "cached_tokens")),
    ("cache_read", ("input_tokens_details", "cached_tokens")),
    ("cache_read", ("cache_read_input_tokens",)), ("cache_write", ("cache_creation_input_tokens",)),
    ("reasoning", ("completion_tokens_details", "reasoning_tokens")),
    ("reasoning", ("output_tokens_details", "reasoning_tokens")), ("total", ("total_tokens",)),
)  # fmt: skip
_CONVERSATIONS: Final = ("pydantic_ai.all_messages", "all_messages_events", "events")


def matches(attributes: Mapping[str, Any]) -> bool:
    """Whether a span is Logfire's or Pydantic AI's."""
    return (
        "logfire.msg_template" in attributes
        or "logfire.msg" in attributes
        or "model_request_parameters" in attributes
        or "pydantic_ai.all_messages" in attributes
    )


def read(draft: Draft) -> None:
    """Read what is Logfire's own; the GenAI reader comes after it."""
    attributes, fields = draft.attributes, draft.fields
    for field in ("user_id", "session_id"):
        if fields.get(field, "").startswith(_SCRUBBED):
            del fields[field]
    if attributes.get("logfire.span_type") == "pending_span":
        _pending(draft)
    tags = attributes.pop("logfire.tags", None)
    if tags is not None:
        draft.say("tags", as_texts(tags))
    cost = draft.take_float("operation.cost")
    draft.say("cost_reported", cost)
    if draft.context.scope_name == "logfire.openai_agents":
        _agents(draft)
    elif _is_request_of_stream(draft):
        fields["kind"] = "chain"
    _bodies(draft)
    for name in _CONVERSATIONS:
        if name in attributes:
            _conversation(draft, attributes.pop(name))
    _usage(draft)
    _pydantic(draft)


def _pending(draft: Draft) -> None:
    """A pending span is a child of the span that it announces: told as that span, still running."""
    otlp = draft.otlp
    parent = draft.take_text("logfire.pending_parent_id")
    draft.fields["span_id"] = otlp.parent_id or otlp.span_id
    draft.fields["parent_id"] = "" if parent == _NO_PARENT else parent
    draft.fields["running"] = True
    draft.fields["end_unix_nano"] = 0


def _is_request_of_stream(draft: Draft) -> bool:
    """A chat that ended well and left neither answer nor id: its answer is in the log-like span beside it."""
    attributes = draft.attributes
    return (
        draft.context.scope_name in ("logfire.openai", "logfire.anthropic")
        and attributes.get("gen_ai.operation.name") == "chat"
        and attributes.get("logfire.span_type") == "span"
        and not ("gen_ai.output.messages" in attributes or "response_data" in attributes)
        and "gen_ai.response.id" not in attributes
        and draft.otlp.status_code != 2  # noqa: PLR2004 - ERROR
    )


def _agents(draft: Draft) -> None:
    """Steps of the OpenAI Agents SDK, told apart by their message."""
    attributes, pop = draft.attributes, draft.attributes.pop
    template = as_text(attributes.get("logfire.msg_template"))
    kind = next((kind for start, kind in _AGENT_STEPS if template.startswith(start)), "")
    draft.say("kind", kind)
    if kind == "tool":
        draft.tool["name"] = as_text(pop("name", None))
        draft.tool["arguments"], draft.tool["result"] = unquoted(pop("input", None)), unquoted(pop("output", None))
    elif kind == "agent":
        draft.say_text("agent", "name")
    elif template.startswith(("OpenAI Agents trace:", "Task:")):
        draft.say_text("workflow", "name")
    for field, key in (("session_id", "group_id"), ("response_id", "response_id")):
        text = as_text(attributes.get(key))
        if text and text != "null" and not text.startswith(_SCRUBBED):
            draft.say_text(field, key)
    settings = as_map(pop("model_settings", None))
    draft.parameters.update((key, value) for key, value in settings.items() if value is not None)
    failure = as_map(attributes.get("error"))
    if failure.get("message") and not draft.events:
        draft.error["message"] = as_text(as_map(failure.get("data")).get("error") or failure["message"])


def _bodies(draft: Draft) -> None:
    """Request and response as JSON: older releases have no other place for the messages."""
    attributes = draft.attributes
    request = parsed(attributes.get("request_data"))
    if isinstance(request, dict):
        if "gen_ai.input.messages" not in attributes and "messages" in request:
            draft.input.extend(request_messages(request))
        del attributes["request_data"]
        for key, value in request.items():
            if key == "model":
                draft.say("model_requested", as_text(value))
            elif key not in ("messages", "system", "instructions", "input", "tools") and value is not None:
                draft.parameters.setdefault(key, value)
    for name in ("response_data", "response"):
        response = parsed(attributes.get(name))
        if isinstance(response, dict) and ("message" in response or "output" in response):
            if "gen_ai.output.messages" not in attributes and not draft.output:
                draft.output.extend(response_messages(response))
            draft.say("tools", tools_of(response.get("tools")))
            said = [*draft.input, *draft.output]
            rest = residue(response, lambda said=said: texts_in(said), set())  # type: ignore[misc]
            del attributes[name]
            if rest:
                attributes[name] = rest


def _conversation(draft: Draft, value: Any) -> None:
    """A whole conversation: what the assistant said last is the output, all before it the input."""
    said = parsed(value)
    if not isinstance(said, list):
        return
    messages = [_event(item) if isinstance(item, dict) and "event.name" in item else one
                for item in said for one in messages_of(item)]  # fmt: skip
    end = len(messages)
    while end and messages[end - 1].role == "assistant":
        end -= 1
    if not draft.input:
        draft.input.extend(messages[:end])
    if not draft.output:
        draft.output.extend(messages[end:])
    if "raw_input" in draft.attributes and draft.input:
        del draft.attributes["raw_input"]  # the input once more, in the words of the provider


def _event(item: dict[str, Any]) -> Message:
    name = as_text(item["event.name"])
    inner = item.get("message") if name == "gen_ai.choice" else item
    values = {key: value for key, value in as_map(inner).items() if not key.startswith(("event.", "gen_ai."))}
    if name == "gen_ai.tool.message" and "id" in values:
        values["tool_call_id"] = values.pop("id")
    return message_of(values, name.split(".")[1] if name.count(".") > 1 else "assistant")


def _usage(draft: Draft) -> None:
    attributes = draft.attributes
    raw = as_map(attributes.get("gen_ai.usage.raw"))
    for field, path in _RAW_COUNTS:
        value: Any = raw
        for step in path:
            value = as_map(value).get(step)
        count = as_int(value)
        if count is not None:
            draft.usage.setdefault(field, count)
    for name, value in draft.take_map(_AGGREGATED).items():
        attributes.setdefault(f"gen_ai.usage.{name}", value)


def _as_tools(messages: list[Message]) -> list[Message]:
    """Pydantic AI up to format 5 lets the user speak for the tools."""
    return [
        replace(one, role="tool") if one.parts and all(part.type == "tool_result" for part in one.parts) else one
        for one in messages
    ]


def _pydantic(draft: Draft) -> None:
    """Pydantic AI: agent runs, tools of its older formats, and parameters that repeat tools and instructions."""
    attributes, pop = draft.attributes, draft.attributes.pop
    if draft.context.scope_name == "pydantic-ai":
        draft.input.extend(messages_of(pop("gen_ai.input.messages", None)))
        draft.input[:] = _as_tools(draft.input)
    if "agent_name" in attributes:
        draft.say_text("agent", "agent_name", "gen_ai.agent.name")
    if "model_name" in attributes:
        draft.say_text("model_requested", "model_name")
    for key, field in (("tool_arguments", "arguments"), ("tool_response", "result")):
        if key in attributes:
            draft.tool[field] = unquoted(pop(key))
    metadata = attributes.get("metadata")
    if metadata is not None and isinstance(parsed(metadata), dict):
        draft.add_metadata(as_map(pop("metadata")))
    final = pop("final_result", None)
    if final is not None and not draft.output:
        draft.output.extend(messages_of(as_text(final), "assistant"))
    request = parsed(pop("model_request_parameters", None))
    if isinstance(request, dict):
        told = ("function_tools", "instruction_parts", "output_tools")
        rest = {key: value for key, value in request.items() if key not in told and value not in (None, [], {}, "")}
        if rest:
            attributes["model_request_parameters"] = rest
    draft.say("time_to_first_token_ms", _milliseconds(pop("gen_ai.client.operation.time_to_first_chunk", None)))


def _milliseconds(seconds: Any) -> float | None:
    value = as_float(seconds)
    return None if value is None else value * 1000
