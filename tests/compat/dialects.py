"""Which instrumentation packages are captured, in which environment, and in which cases."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

_MAIN = re.compile(
    r"^(openinference|openai|anthropic|langchain|langgraph|traceloop|logfire|pydantic-ai|openlit|mlflow|litellm|ai$|@ai-sdk"
    r"|opentelemetry-(sdk|instrumentation-(openai|anthropic|langchain|genai)|semantic|util-genai)|@opentelemetry)"
)


class Dialect(NamedTuple):
    """One way to instrument: the app module that is run, its environment, its cases."""

    app: str
    environment: str
    cases: tuple[str, ...]
    variables: Mapping[str, str] = MappingProxyType({})

    @staticmethod
    def main(versions: dict[str, str]) -> dict[str, str]:
        """The versions that matter for what a capture looks like."""
        return {name: version for name, version in versions.items() if _MAIN.match(name)}


_CHAT = ("chat", "stream", "tools", "error", "refusal", "embeddings", "responses")
_RESPONSES = ("responses_tools", "responses_stream", "reasoning")
_CLAUDE = ("chat", "stream", "tools", "error", "thinking")
_CONTENT = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"
_LATEST = {"OTEL_SEMCONV_STABILITY_OPT_IN": "gen_ai_latest_experimental"}

DIALECTS = {
    "openinference_openai": Dialect(
        "openinference_openai", "openinference", (*_CHAT, *_RESPONSES, "image", "stream_tools")
    ),
    "openinference_anthropic": Dialect("openinference_anthropic", "openinference", _CLAUDE),
    "openinference_langchain": Dialect(
        "openinference_langchain", "openinference", ("chat", "stream", "agent", "error", "retrieval")
    ),
    "openinference_agents": Dialect("openinference_agents", "agents", ("agent", "error")),
    "openinference_genai": Dialect(
        "openinference_openai", "openinference", ("chat", "tools"), {"OPENINFERENCE_ENABLE_GENAI_SEMCONV": "true"}
    ),
    "genai_events": Dialect("genai_openai", "genai", (*_CHAT[:-1], "stream_tools"), {_CONTENT: "true"}),
    "genai_spans": Dialect(
        "genai_openai", "genai", (*_CHAT[:-1], "stream_tools", "image"), {_CONTENT: "span_only", **_LATEST}
    ),
    "genai_logs": Dialect("genai_openai", "genai", ("chat", "tools"), {_CONTENT: "event_only", **_LATEST}),
    "genai_new": Dialect(
        "genai_new",
        "genai_new",
        (*_CHAT, *_RESPONSES, "stream_tools", "image"),
        {_CONTENT: "SPAN_ONLY"},
    ),
    "genai_new_events": Dialect("genai_new", "genai_new", ("chat", "tools", "error"), {_CONTENT: "EVENT_ONLY"}),
    "traceloop_openai": Dialect("traceloop_openai", "traceloop", (*_CHAT, *_RESPONSES, "workflow", "image")),
    "traceloop_anthropic": Dialect("traceloop_anthropic", "traceloop", _CLAUDE),
    "traceloop_old": Dialect("traceloop_openai", "traceloop_old", (*_CHAT[:-1], "workflow", "stream_tools")),
    "logfire_openai": Dialect("logfire_openai", "logfire", (*_CHAT, *_RESPONSES)),
    "logfire_anthropic": Dialect("logfire_anthropic", "logfire", _CLAUDE),
    "logfire_agents": Dialect("logfire_agents", "agents", ("agent", "error")),
    "pydantic_ai": Dialect("pydantic_ai", "logfire", ("agent", "stream", "error")),
    "pydantic_ai_old": Dialect("pydantic_ai", "logfire", ("agent", "stream", "error"), {"PYDANTIC_AI_FORMAT": "2"}),
    "openlit": Dialect("openlit_openai", "openlit", (*_CHAT, *_RESPONSES)),
    "openlit_anthropic": Dialect("openlit_anthropic", "openlit", _CLAUDE),
    "mlflow": Dialect("mlflow_openai", "mlflow", (*_CHAT, "workflow"), {"MLFLOW_TRACKING_URI": "http://127.0.0.1:1"}),
    "litellm": Dialect(
        "litellm_openai",
        "litellm",
        ("chat", "stream", "tools", "error", "embeddings"),
        {"LITELLM_LOCAL_MODEL_COST_MAP": "True"},
    ),
    "vercel6": Dialect("vercel6", "vercel6", ("chat", "stream", "tools", "error", "embeddings")),
    "vercel7": Dialect("vercel7", "vercel7", ("chat", "stream", "tools", "error", "embeddings")),
    "vercel7_legacy": Dialect(
        "vercel7", "vercel7", ("chat", "stream", "tools", "error", "embeddings"), {"VERCEL_LEGACY": "1"}
    ),
}
