"""Whatever instruments an AI library and is installed here is switched on; what is missing or broken is none of ours.

OpenTelemetry's instrumentors and OpenInference's announce themselves as entry points. Where several speak for the same
library the one of OpenInference is taken, because it tells most; two would record every call twice.
"""

import logging
from collections.abc import Iterator
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final

from opentelemetry.trace import TracerProvider

_log = logging.getLogger(__name__)
_GROUPS: Final = ("openinference_instrumentor", "opentelemetry_instrumentor")
"""In the order of preference."""
_AI: Final = frozenset((
    "agno", "aleph_alpha", "alephalpha", "anthropic", "autogen", "bedrock", "beeai", "chromadb", "cohere", "crewai",
    "dspy", "google_genai", "google_generativeai", "google_generative_ai", "groq", "guardrails", "haystack",
    "instructor", "lancedb", "langchain", "langgraph", "litellm", "llama_index", "llamaindex", "marqo", "mcp", "milvus",
    "mistralai", "ollama", "openai", "openai_agents", "openai_v2", "pinecone", "portkey", "promptflow", "pydantic_ai",
    "qdrant", "replicate", "sagemaker", "smolagents", "together", "transformers", "vertexai", "voyageai", "watsonx",
    "weaviate", "writer",
))  # fmt: skip
_CARRIERS: Final = frozenset(("threading", "asyncio"))
"""They make no spans of their own to speak of, but carry the trace from one thread to another."""


def instrument(provider: TracerProvider, wanted: bool | tuple[str, ...]) -> list[str]:
    """Switch on what is installed; the names of what is on now.

    ``wanted`` is ``True`` for everything that speaks for an AI library, else the names of entry points.
    """
    if wanted is False:
        return []
    active: list[str] = []
    for name, entry in _chosen(wanted):
        try:
            instrumentor: Any = entry.load()()
            if not getattr(instrumentor, "is_instrumented_by_opentelemetry", False):
                instrumentor.instrument(tracer_provider=provider)
            if getattr(instrumentor, "is_instrumented_by_opentelemetry", True):
                active.append(name)
        except Exception as error:  # noqa: BLE001 - an instrumentor that does not fit is not the application's fault
            _log.warning("the instrumentor %s can not be switched on (%s)", name, type(error).__name__)
    return active


def _chosen(wanted: bool | tuple[str, ...]) -> Iterator[tuple[str, EntryPoint]]:
    seen: set[str] = set()
    for group in _GROUPS:
        for entry in sorted(entry_points(group=group), key=lambda one: one.name):
            name = _plain(entry.name)
            library = name.removesuffix("_v2")
            known = name in {*_AI, *_CARRIERS} or group == _GROUPS[0]
            is_wanted = known if isinstance(wanted, bool) else name in wanted
            if is_wanted and library not in seen:
                seen.add(library)
                yield name, entry


def _plain(name: str) -> str:
    return name.lower().replace("-", "_")
