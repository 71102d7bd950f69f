"""What instrumentation packages do not send, or send otherwise than it was: the only differences from the truth.

Each line is a field and the captures (``dialect/case``, with ``*``) in which it differs. The golden test wants every
one of these differences, so a line that is no longer true fails like one that is missing.
"""

from fnmatch import fnmatchcase
from typing import Final

LOST: Final[dict[str, tuple[str, ...]]] = {
    # --- spans ---------------------------------------------------------------------------------------------------
    "calls": (
        "openinference_langchain/retrieval",  # embeddings are not instrumented
        "openlit_anthropic/error",  # the failed span has a name and no attributes
        "litellm/tools",  # its callback exports one of two calls
    ),
    # --- content -------------------------------------------------------------------------------------------------
    "input": (
        "genai_*/embeddings", "logfire_openai/embeddings",  # texts are not sent
        "genai_spans/image", "traceloop_openai/image",  # images are dropped or uploaded elsewhere, words with them
        "logfire_agents/error", "openinference_agents/error", "openlit/error",  # a failed call has no content
        "pydantic_ai*/error",  # the same; the agent span has it
        "openlit/tools", "openlit/responses_tools",  # the assistant's calls (and results) are left out of the history
    ),
    "output": (
        "genai_events/refusal", "genai_spans/refusal", "logfire_openai/refusal", "openlit/refusal",  # not sent
        "genai_new/refusal",  # sent as plain text
        "genai_new/reasoning", "logfire_openai/reasoning", "openlit/reasoning",  # not sent
        "openlit_anthropic/thinking",  # not sent
        "traceloop_openai/reasoning",  # sent behind the answer
        "openlit/responses_tools", "traceloop_openai/responses_tools",  # the item's id stands for the call's
    ),
    "tools": (
        "genai_events/*tools", "genai_spans/*tools", "genai_logs/tools", "openlit/responses_tools",
        "logfire_agents/error",
        "openinference_agents/error",
    ),
    # --- model ---------------------------------------------------------------------------------------------------
    "model_requested": ("openinference_agents/*",),  # the model served stands for it; a failed call has none
    "model_served": (
        "litellm/stream", "logfire_openai/*stream", "logfire_anthropic/stream",  # the model requested stands for it
        "vercel*/embeddings",
    ),
    "provider": ("mlflow/embeddings",),
    "response_id": ("logfire_openai/*stream", "logfire_anthropic/stream", "openinference_langchain/stream"),
    "finish_reasons": (),
    "time_to_first_token": (
        "genai_events/stream*", "genai_spans/stream*", "litellm/stream", "logfire_openai/*stream",
        "logfire_anthropic/stream", "openinference_anthropic/stream", "openinference_langchain/stream",
        "traceloop_anthropic/stream", "traceloop_openai/responses_stream",
    ),
    "temperature": ("openinference_agents/error", "openlit/error"),
    "seed": ("litellm/*", "traceloop_*", "vercel7/*", "openlit/error"),
    "max_tokens": ("openlit/error",),
    # --- counts --------------------------------------------------------------------------------------------------
    "usage_input": ("traceloop_old/stream*", "openlit_anthropic/stream"),
    "usage_output": ("traceloop_old/stream*", "traceloop_anthropic/stream"),  # the latter adds the first event's 1
    "usage_cache_read": (
        "genai_events/*", "genai_spans/*", "genai_logs/*", "traceloop_old/stream", "openlit_anthropic/stream",
    ),
    "usage_cache_write": ("openlit_anthropic/stream",),
    "usage_reasoning": (),
    # --- failures ------------------------------------------------------------------------------------------------
    "error_type": ("openinference_agents/error", "traceloop_old/error"),
    "error_message": (),
}  # fmt: skip


def is_lost(field: str, case: str) -> bool:
    """Whether a package loses a field in a capture, where it was there to lose."""
    return any(fnmatchcase(case, pattern) for pattern in LOST[field])
