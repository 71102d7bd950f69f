"""``extra`` of a LangSmith run: model, parameters, people and tokens stand among what the application chose to say.

The client copies every variable of its environment that begins with ``LANGSMITH_`` or ``LANGCHAIN_`` into the metadata
of every run; these say how the client is set up, not what was done, and are left out (docs/record.md, *where*).
"""

from collections.abc import Mapping
from typing import Any, Final

from onrecord.normalize.draft import Draft
from onrecord.normalize.messages import tools_of
from onrecord.normalize.values import as_float, as_int, as_map, as_text

KINDS: Final = {
    "llm": "llm", "chain": "chain", "tool": "tool", "retriever": "retriever", "embedding": "embedding",
    "prompt": "prompt", "parser": "chain",
}  # fmt: skip
"""By the type of a run."""
_LEAKED: Final = ("LANGSMITH_", "LANGCHAIN_")
_SAID: Final = frozenset(
    {"usage_metadata", "ls_provider", "ls_model_name", "ls_model_type", "ls_method", "ls_invocation_params",
     "revision_id", "lc_agent_name"}
)  # fmt: skip
_PARAMETERS: Final = {"ls_temperature": "temperature", "ls_max_tokens": "max_tokens", "ls_stop": "stop"}
_NOT_PARAMETERS: Final = frozenset(
    {"model", "model_name", "model_id", "_type", "tools", "functions", "messages", "input", "instructions", "user"}
)
_AGENTS: Final = ("LangGraph", "AgentExecutor")
"""Names that LangChain gives to agents that have none."""


def read_metadata(draft: Draft, metadata: Mapping[str, Any], extra: Mapping[str, Any]) -> None:
    """Read ``extra.metadata`` and the call's parameters beside it."""
    invocation = as_map(extra.get("invocation_params"))
    for key, value in metadata.items():
        if key in invocation and invocation[key] == value:
            continue  # LangChain says the parameters of a call there too
        if key in _PARAMETERS:
            if value is not None:
                draft.parameters[_PARAMETERS[key]] = value
        elif key not in _SAID and not key.startswith(_LEAKED) and value is not None:
            draft.metadata[key] = value
    draft.say("provider", as_text(metadata.get("ls_provider")))
    named = invocation.get("model") or invocation.get("model_name") or metadata.get("ls_model_name")
    draft.say("model_requested", as_text(named))
    draft.say("release", as_text(metadata.get("revision_id")))
    read_parameters(draft, invocation)
    read_parameters(draft, as_map(metadata.get("ls_invocation_params")))
    read_usage(draft, metadata.get("usage_metadata"))
    if extra.get("tool_call_id") and draft.fields.get("kind") == "tool":
        draft.tool["call_id"] = as_text(extra["tool_call_id"])
    _agent(draft, as_text(metadata.get("lc_agent_name")))


def _agent(draft: Draft, named: str) -> None:
    """A chain that has the name of the agent is the agent; what runs inside it says only whose part it is."""
    draft.say("agent", named)
    name = draft.otlp.name
    if draft.fields.get("kind") == "chain" and name and (name == named or name in _AGENTS):
        draft.fields["kind"] = "agent"
        draft.say("agent", name)


def read_parameters(draft: Draft, values: Mapping[str, Any]) -> None:
    """The parameters of a call, and the tools that it offered."""
    tools = values.get("tools") or values.get("functions")
    if tools:
        draft.say("tools", tools_of(tools))
    if values.get("user"):
        draft.metadata.setdefault("user", values["user"])
    for key, value in values.items():
        if key not in _NOT_PARAMETERS and value is not None:
            draft.parameters.setdefault(key, value)


_COUNTS: Final = (
    ("input", ("input_tokens", "prompt_tokens")), ("output", ("output_tokens", "completion_tokens")),
    ("total", ("total_tokens",)),
)  # fmt: skip
_DETAILS: Final = {
    "input_token_details": {"cache_read": "cache_read", "cache_creation": "cache_write", "audio": "audio_input"},
    "output_token_details": {"reasoning": "reasoning", "audio": "audio_output"},
    "prompt_tokens_details": {"cached_tokens": "cache_read", "audio_tokens": "audio_input"},
    "completion_tokens_details": {"reasoning_tokens": "reasoning", "audio_tokens": "audio_output"},
}


def read_usage(draft: Draft, value: Any) -> None:
    """Token counts and costs, unless they were said before: three places of a run say the same."""
    values = as_map(value)
    if not values or draft.usage:
        return
    for field, names in _COUNTS:
        count = next((number for name in names if (number := as_int(values.get(name))) is not None), None)
        if count is not None and count >= 0:
            draft.usage[field] = count
    more: dict[str, int] = {}
    for group, fields in _DETAILS.items():
        for name, count in as_map(values.get(group)).items():
            number = as_int(count)
            if number is None or number < 0:
                continue
            if name in fields:
                draft.usage[fields[name]] = number
            else:
                more[name] = number
    if more:
        draft.usage["details"] = more
    draft.say("cost_reported", as_float(values.get("total_cost")))
    costs = {side: cost for side in ("input", "output") if (cost := as_float(values.get(f"{side}_cost"))) is not None}
    draft.say("cost_details", costs)
