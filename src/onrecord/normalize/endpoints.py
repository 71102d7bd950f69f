"""Which API of a provider an address is: by the end of its path, whatever stands before it.

So a server that nobody has heard of is understood when it speaks a known API under a known name, as vLLM, Ollama,
Azure and a hundred others do.
"""

import re
from typing import Final

import msgspec


class Api(msgspec.Struct, frozen=True):
    """One API."""

    operation: str
    """``gen_ai.operation.name``; for others what the path ends in."""
    kind: str
    """Span kind of a call."""
    dialect: str
    """How its bodies are read: ``openai``, ``responses``, ``anthropic``, ``gemini``, ``ollama``; empty: as they are."""


_APIS: Final = tuple(
    (re.compile(pattern), Api(*api))
    for pattern, *api in (
        (r"/chat/completions\Z", "chat", "llm", "openai"),
        (r"/fim/completions\Z", "text_completion", "llm", "openai"),
        (r"/completions\Z", "text_completion", "llm", "openai"),
        (r"/responses\Z", "chat", "llm", "responses"),
        (r"/messages\Z", "chat", "llm", "anthropic"),
        (r":(?:streamG|g)enerateContent\Z", "generate_content", "llm", "gemini"),
        (r":(?:batchE|e)mbedContents?\Z", "embeddings", "embedding", "gemini"),
        (r"/embeddings\Z", "embeddings", "embedding", "openai"),
        (r"/api/chat\Z", "chat", "llm", "ollama"),
        (r"/api/generate\Z", "text_completion", "llm", "ollama"),
        (r"/api/embed(?:dings)?\Z", "embeddings", "embedding", "ollama"),
        (r"/rerank\Z", "rerank", "reranker", ""),
        (r"/images/(?:generations|edits|variations)\Z", "images", "llm", ""),
        (r"/audio/(?:speech|transcriptions|translations)\Z", "audio", "llm", ""),
        (r"/moderations\Z", "moderation", "guardrail", ""),
    )
)
_RESPONSE: Final = re.compile(r"/responses/resp[^/]*\Z")
_FETCHED: Final = Api("responses", "span", "responses")
_MODEL: Final = re.compile(r"/(?:models|deployments)/([^/:]+)")


def api_of(method: str, path: str) -> Api:
    """The API that a request calls. What calls none (a list of models, a file) is a step that is no AI step."""
    if method == "POST":
        for pattern, api in _APIS:
            if pattern.search(path):
                return api
    elif method == "GET" and _RESPONSE.search(path):
        return _FETCHED  # of a response in the background: its tokens count where it was asked for
    return Api(path.rstrip("/").rpartition("/")[2].partition(":")[0], "span", "")


def model_in(path: str) -> str:
    """The model that an address names (Gemini's models, Azure's deployments); empty when it names none."""
    found = _MODEL.search(path)
    return found[1] if found else ""
