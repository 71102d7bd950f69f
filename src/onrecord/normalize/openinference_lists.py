"""The flattened lists of OpenInference: messages, tools, documents, embeddings, annotations, counts and costs.

A name such as ``llm.input_messages.0.message.contents.1.message_content.text`` says where its value goes. All names
of a list are gathered in one pass over the attributes; messages that are a role and a text are read without a tree.
"""

from collections.abc import Callable
from typing import Any, Final

from onrecord.model.message import Message, Part
from onrecord.model.score import Score
from onrecord.model.span import Document
from onrecord.normalize.draft import Draft, grow
from onrecord.normalize.messages import calls_of, media, message, tool_of
from onrecord.normalize.values import as_float, as_int, as_map, as_text, parsed

_PREFIXES: Final = (
    "llm.input_messages.", "llm.output_messages.", "llm.tools.", "llm.token_count.", "llm.cost.", "llm.prompts.",
    "llm.choices.", "retrieval.documents.", "reranker.", "embedding.embeddings.", "annotations.", "evaluations.",
    "trace.annotations.", "session.annotations.",
)  # fmt: skip


_PLAIN: Final = 64
"""Messages at the start of a list whose names are looked up in a table; later ones take the general way."""


def _names(prefix: str) -> tuple[tuple[str, str], ...]:
    return tuple((f"{prefix}{n}.message.role", f"{prefix}{n}.message.content") for n in range(_PLAIN))


_INPUT_NAMES: Final = _names("llm.input_messages.")
_OUTPUT_NAMES: Final = _names("llm.output_messages.")


def read_lists(draft: Draft) -> None:
    """Read every flattened list of a span. The hot path: what nearly every model call has is popped by its name."""
    attributes = draft.attributes
    entered = _plain(attributes, _INPUT_NAMES)
    answered = _plain(attributes, _OUTPUT_NAMES)
    usage = draft.usage
    for name, field in _COUNT_NAMES:
        count = attributes.get(name)
        if type(count) is int and 0 <= count < _COUNT_END:
            usage[field] = count
            del attributes[name]
    groups = _taken(attributes)
    for leaves, name, side, role in (
        (entered, "llm.input_messages", draft.input, "user"),
        (answered, "llm.output_messages", draft.output, "assistant"),
    ):
        group = groups.pop(name, None)
        if group is None:
            side.extend([_message(said, content, role) for said, content in leaves])
        else:
            side.extend(_flat_messages(group, leaves, role))
    for name, group in groups.items():
        _GROUPS[name](draft, group)


_COUNT_END: Final = 2**63


def _plain(attributes: dict[str, Any], names: tuple[tuple[str, str], ...]) -> list[tuple[Any, Any]]:
    """Role and content of the messages from the first to the last that has either; other names stay."""
    pop = attributes.pop
    found = []
    for role_name, content_name in names:
        role, content = pop(role_name, None), pop(content_name, None)
        if role is None and content is None:
            break
        found.append((role, content))
    return found


def _message(said: Any, content: Any, role: str) -> Message:
    """A message that is a role and a text; a result of a tool is no text."""
    if type(said) is str and said:
        role = said
    if role == "tool" or type(content) is not str:
        return message(role, content)
    return Message(role, (Part("text", content),) if content else ())


def _taken(attributes: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Flattened attributes by the list or map that they are of, under the rest of their names, in one pass."""
    groups: dict[str, dict[str, Any]] = {}
    for key in [key for key in attributes if key.startswith(_PREFIXES)]:
        head, _, rest = key.partition(".")
        if head in _TWO:
            second, _, rest = rest.partition(".")
            head = f"{head}.{second}"
        group = groups.get(head)
        if group is None:
            group = groups[head] = {}
        group[rest] = attributes.pop(key)
    return groups


_TWO: Final = frozenset({"llm", "retrieval", "embedding", "trace", "session"})


def _flat_messages(group: dict[str, Any], plain: list[tuple[Any, Any]], role: str) -> list[Message]:
    """Messages from ``N.message.<leaf>`` and from the roles and contents that were found by name."""
    by_index: dict[str, dict[str, Any]] = {
        str(position): {"message.role": said, "message.content": content}
        for position, (said, content) in enumerate(plain)
    }
    for key, value in group.items():
        index, _, leaf = key.partition(".")
        one = by_index.get(index)
        if one is None:
            one = by_index[index] = {}
        one[leaf] = value
    return [_flat_message(by_index[index], role) for index in sorted(by_index, key=_index)]


def _index(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 10 else 1 << 30  # noqa: PLR2004 - what is no index goes last


def _flat_message(leaves: dict[str, Any], role: str) -> Message:
    said = leaves.pop("message.role", None)
    if type(said) is str and said:
        role = said
    if not leaves or (len(leaves) == 1 and "message.content" in leaves):
        return _message(None, leaves.get("message.content"), role)
    return _deep_message(as_map(grow(leaves)), role)


_LEAVES: Final = frozenset(
    {"role", "content", "contents", "tool_calls", "name", "tool_call_id", "function_call_name",
     "function_call_arguments_json", "finish_reason"}
)  # fmt: skip


def _deep_message(tree: dict[str, Any], role: str) -> Message:
    inner = tree.pop("message", None)
    one = inner if isinstance(inner, dict) else {}
    content = one.get("content")
    parts = [_content_part(item) for item in _listed(one.get("contents"))]
    if parts and isinstance(content, str) and content not in (part.text for part in parts):
        parts.insert(0, Part(text=content))
    calls = [item.get("tool_call", item) for item in _listed(one.get("tool_calls")) if isinstance(item, dict)]
    name, arguments = one.get("function_call_name"), one.get("function_call_arguments_json")
    if name or arguments:
        calls.append({"name": name, "arguments": arguments})
    made = message(
        role,
        content if not parts else None,
        calls=calls or None,
        name=as_text(one.get("name")),
        call_id=as_text(one.get("tool_call_id")),
        finish_reason=as_text(one.get("finish_reason")),
        extra={key: value for key, value in {**tree, **one}.items() if key not in _LEAVES},
    )
    if parts:
        parts.extend([call for call in made.parts if call not in parts])  # Anthropic's calls are in both lists
        made = Message(made.role, tuple(parts), made.name, made.id, made.finish_reason, made.extra)
    return made


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _content_part(item: Any) -> Part:
    """One of ``contents``: a ``message_content`` of a type, or a tool call in its place among the texts."""
    if not isinstance(item, dict):
        return Part(text=as_text(item))
    if isinstance(item.get("tool_call"), dict):
        return calls_of(item["tool_call"])[0]
    one = item.get("message_content")
    if not isinstance(one, dict):
        return Part(type="data", extra=item)
    kind = as_text(one.get("type")) or "text"
    text = as_text(one.get("text"))
    rest = {key: value for key, value in one.items() if key not in ("type", "text")}
    for name in ("image", "audio", "file", "video"):
        source = rest.pop(name, None)
        if isinstance(source, dict):
            inner = source.get(name, source)
            values = inner if isinstance(inner, dict) else {"url": inner}
            return media(
                values.get("url"), values.get("data"), as_text(values.get("mime_type")), {"kind": name, **rest}
            )
    types = {"reasoning": "reasoning", "thinking": "reasoning", "refusal": "refusal"}
    return Part(type=types.get(kind, "text") if text or kind == "text" else "data", text=text, extra=_typed(kind, rest))


def _typed(kind: str, rest: dict[str, Any]) -> dict[str, Any]:
    return rest if kind in ("text", "reasoning", "thinking", "refusal") else {"type": kind, **rest}


def _prompts(draft: Draft, group: dict[str, Any]) -> None:
    """Prompts and choices of text completion."""
    for item in _listed(grow(group)):
        draft.input.append(message("user", as_text(_inner(item, "prompt").get("text"))))


def _choices(draft: Draft, group: dict[str, Any]) -> None:
    for item in _listed(grow(group)):
        draft.output.append(message("assistant", as_text(_inner(item, "completion").get("text"))))


def _inner(item: Any, name: str) -> dict[str, Any]:
    inner = item.get(name) if isinstance(item, dict) else None
    return inner if isinstance(inner, dict) else {}


def _tools(draft: Draft, group: dict[str, Any]) -> None:
    tools = []
    for item in _listed(grow(group)):
        one = _inner(item, "tool")
        schema = parsed(one.get("json_schema"))
        tools.append(tool_of(schema if isinstance(schema, dict) else {"name": one.get("name"), **one}))
    draft.say("tools", tuple(tools))


_COUNTS: Final = {
    "prompt": "input", "completion": "output", "total": "total", "prompt_details.cache_read": "cache_read",
    "prompt_details.cache_input": "cache_read", "prompt_details.cache_write": "cache_write",
    "prompt_details.audio": "audio_input", "completion_details.audio": "audio_output",
    "completion_details.reasoning": "reasoning",
}  # fmt: skip


_COUNT_NAMES: Final = tuple((f"llm.token_count.{name}", field) for name, field in _COUNTS.items())


def _token_counts(draft: Draft, group: dict[str, Any]) -> None:
    usage = draft.usage
    for name, value in group.items():
        count = value if type(value) is int else as_int(value)
        if count is None or count < 0:
            draft.attributes[f"llm.token_count.{name}"] = value
            continue
        field = _COUNTS.get(name)
        if field is not None:
            usage.setdefault(field, count)
        else:
            usage.setdefault("details", {})[name] = count


def _costs(draft: Draft, group: dict[str, Any]) -> None:
    costs = {name: cost for name, value in group.items() if (cost := as_float(value)) is not None}
    total = costs.pop("total", None)
    if total is None and ("prompt" in costs or "completion" in costs):
        total = costs.get("prompt", 0.0) + costs.get("completion", 0.0)
    draft.say("cost_reported", total)
    draft.say("cost_details", costs)


def _documents(draft: Draft, group: dict[str, Any]) -> None:
    draft.documents.extend(_document(item) for item in _listed(grow(group)))


def _document(item: Any) -> Document:
    one = _inner(item, "document")
    return Document(
        id=as_text(one.get("id")),
        content=as_text(one.get("content")),
        score=as_float(one.get("score")),
        metadata=parsed(one.get("metadata")),
    )


def _reranker(draft: Draft, group: dict[str, Any]) -> None:
    tree = grow(group)
    draft.documents.extend(_document(item) for item in _listed(tree.pop("output_documents", None)))
    draft.say("query", as_text(tree.pop("query", "")))
    model = as_text(tree.pop("model_name", ""))
    draft.say("model_requested", model)
    draft.say("model_served", model)
    if tree.get("top_k") is not None:
        draft.parameters["top_k"] = tree.pop("top_k")
    for name, value in tree.items():
        draft.attributes[f"reranker.{name}"] = value


def _embeddings(draft: Draft, group: dict[str, Any]) -> None:
    """Texts become the input; vectors stay attributes, for whoever wants to look for drift."""
    texts = []
    for name, value in group.items():
        if name.endswith(".embedding.text"):
            texts.append((_index(name.partition(".")[0]), as_text(value)))
        else:
            draft.attributes[f"embedding.embeddings.{name}"] = value
    texts.sort(key=lambda pair: pair[0])
    draft.input.extend(message("user", text) for _, text in texts)


_SOURCES: Final = {"HUMAN": "human", "LLM": "evaluator", "CODE": "code"}


def _annotations(draft: Draft, group: dict[str, Any], scope: str = "span") -> None:
    session = draft.fields.get("session_id", "")
    for item in _listed(grow(group)):
        one = _inner(item, "annotation") or _inner(item, "evaluation")
        if not one:
            continue
        score = Score(
            name=as_text(one.get("name")),
            id=as_text(one.get("identifier")),
            value=as_float(one.get("score")),
            label=as_text(one.get("label")),
            comment=as_text(one.get("explanation")),
            source=_SOURCES.get(as_text(one.get("annotator_kind")).upper(), ""),
            trace_id="" if scope == "session" else draft.otlp.trace_id,
            span_id=draft.otlp.span_id if scope == "span" else "",
            session_id=session if scope == "session" else "",
            time_unix_nano=draft.otlp.end_unix_nano,
            metadata=as_map(one.get("metadata")),
        )
        draft.scores.append(score)


_GROUPS: Final[dict[str, Callable[[Draft, dict[str, Any]], None]]] = {
    "llm.tools": _tools,
    "llm.token_count": _token_counts, "llm.cost": _costs, "llm.prompts": _prompts, "llm.choices": _choices,
    "retrieval.documents": _documents, "reranker": _reranker, "embedding.embeddings": _embeddings,
    "annotations": _annotations, "evaluations": _annotations,
    "trace.annotations": lambda draft, group: _annotations(draft, group, "trace"),
    "session.annotations": lambda draft, group: _annotations(draft, group, "session"),
}  # fmt: skip
