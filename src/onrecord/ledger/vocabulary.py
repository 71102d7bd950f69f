"""The words that may stand in an entry, and how what a client sent becomes one of them.

An entry is public and for ever, so no text of a client may reach it. Each function here maps any text to a word of a
closed set and maps a word of that set to itself; it never raises. ``other``: something was named, it is not public.
"""

import re
from functools import lru_cache
from typing import Final

OTHER: Final = "other"
MODEL_CHARACTERS: Final = 48
"""The longest public model name; the longest seen in the wild is ``gpt-4o-mini-search-preview-2025-03-11``."""

PROVIDERS: Final = frozenset((
    "ai21", "alibaba", "anthropic", "aws.bedrock", "azure.inference", "azure.openai", "cerebras", "cohere",
    "databricks", "deepinfra", "deepseek", "fireworks", "gcp.gemini", "gcp.vertex", "github", "google", "groq",
    "huggingface", "hyperbolic", "ibm.watsonx", "litellm", "llamacpp", "lmstudio", "meta", "mistral", "moonshot",
    "nebius", "novita", "nvidia", "ollama", "openai", "openrouter", "perplexity", "replicate", "sagemaker",
    "sambanova", "together", "upstage", "vercel", "vllm", "voyage", "xai", "zhipu", OTHER,
))  # fmt: skip

_PROVIDER_SYNONYMS: Final = {
    "amazon.bedrock": "aws.bedrock", "amazon_bedrock": "aws.bedrock", "aws": "aws.bedrock",
    "aws_bedrock": "aws.bedrock",
    "az.ai.inference": "azure.inference", "azure.ai.inference": "azure.inference", "azure_ai": "azure.inference",
    "azure": "azure.openai", "az.ai.openai": "azure.openai", "azure.ai.openai": "azure.openai",
    "azure_openai": "azure.openai", "azure-openai": "azure.openai", "bedrock": "aws.bedrock",
    "gcp.gen_ai": "google", "gcp.vertex_ai": "gcp.vertex", "gemini": "gcp.gemini", "google_genai": "google",
    "google-gla": "gcp.gemini", "google-vertex": "gcp.vertex", "google.generative-ai": "google",
    "google_vertexai": "gcp.vertex", "vertex_ai": "gcp.vertex", "vertexai": "gcp.vertex", "watsonx": "ibm.watsonx",
    "mistral_ai": "mistral", "mistralai": "mistral", "moonshot_ai": "moonshot", "together_ai": "together",
    "x_ai": "xai", "fireworks_ai": "fireworks", "hugging_face": "huggingface", "nvidia_nim": "nvidia",
    "meta-llama": "meta", "qwen": "alibaba", "dashscope": "alibaba",
}  # fmt: skip

_FINISH: Final = {
    "stop": "stop", "end_turn": "stop", "stop_sequence": "stop", "completed": "stop", "complete": "stop", "eos": "stop",
    "eos_token": "stop", "finish_reason_stop": "stop", "end": "stop", "success": "stop",
    "length": "length", "max_tokens": "length", "max_output_tokens": "length", "incomplete": "length",
    "model_length": "length", "model_context_window_exceeded": "length", "finish_reason_max_tokens": "length",
    "tool_calls": "tool_calls", "tool_call": "tool_calls", "tool_use": "tool_calls", "tool-calls": "tool_calls",
    "function_call": "tool_calls", "pause_turn": "tool_calls",
    "content_filter": "content_filter", "content-filter": "content_filter", "content_filtered": "content_filter",
    "safety": "content_filter", "refusal": "content_filter", "recitation": "content_filter",
    "blocklist": "content_filter", "prohibited_content": "content_filter", "guardrail_intervened": "content_filter",
    "error": "error", "failed": "error", "cancelled": "error", "canceled": "error",
}  # fmt: skip

FINISHES: Final = frozenset({*_FINISH.values(), OTHER})

_FAMILY: Final = re.compile(
    r"(?:gpt|chatgpt|o[1-9]|codex|davinci|babbage|curie|ada|text-embedding|text-davinci|text-moderation|omni-moderation|"
    r"dall-e|whisper|tts|sora|claude|gemini|gemma|palm|imagen|veo|text-bison|chat-bison|gecko|learnlm|llama|codellama|"
    r"mistral|mixtral|codestral|ministral|magistral|pixtral|devstral|voxtral|command|embed|rerank|aya|deepseek|qwen|qwq|"
    r"qvq|phi|grok|titan|nova|jurassic|jamba|yi|glm|chatglm|kimi|moonshot|minimax|abab|ernie|hunyuan|baichuan|doubao|"
    r"solar|dbrx|granite|nemotron|olmo|smollm|starcoder|stablelm|falcon|vicuna|wizardlm|zephyr|hermes|orca|bge|e5|gte|"
    r"jina|voyage|nomic-embed|mxbai-embed|snowflake-arctic|all-minilm|all-mpnet|stable-diffusion|flux|sonar|pplx)"
    r"(?=[\d._:-]|\Z)"
)
_VERSION: Final = re.compile(
    r"(?:v|r|k|m|o|a|e|q)?\d{1,2}(?:\.\d{1,2}){0,2}[a-z]?|00\d|\d{1,3}(?:\.\d)?[bmk]|\d{1,2}x\d{1,3}b|a\d{1,2}b|"
    r"fp\d{1,2}|bf16|int\d|w\da\d{1,2}|"
    # Longer runs of digits only as dates of the age of language models: a telephone number has no place here.
    r"20[2-9]\d|2[2-9](?:0[1-9]|1[0-2])|(?:20[2-9]\d)?(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])"
)
_WORDS: Final = frozenset((
    "ada", "adaptive", "air", "alpha", "audio", "awq", "babbage", "base", "beta", "canvas", "chat", "code", "coder",
    "codex", "computer", "creative", "curie", "davinci", "deep", "distill", "e", "edit", "embed", "embedding",
    "embeddings", "english", "en", "exp", "experimental", "express", "fast", "flash", "gguf", "gptq", "guard", "haiku",
    "hd", "high", "image", "instruct", "it", "k", "l6", "l12", "large", "latest", "light", "lite", "live", "llama",
    "long", "low", "m", "math", "max", "medium", "mega", "micro", "mini", "moderation", "moe", "multilingual", "nano",
    "nightly", "omni", "online", "open", "oss", "opus", "plus", "preview", "premier", "pro", "prover", "qwen", "r",
    "r1", "realtime", "reasoner", "reasoning", "research", "rerank", "s", "schnell", "scout", "search", "small",
    "sonnet", "speciale", "super", "t", "text", "think", "thinking", "tiny", "transcribe", "translate", "tts", "turbo",
    "ultra", "use", "v", "versatile", "vision", "vl", "maverick", "xl", "xs", "xxl", "z", "instant", "generate",
))  # fmt: skip
_SEPARATOR: Final = re.compile(r"[-_:@]")
_VENDOR: Final = re.compile(
    r"(?:(?:us|eu|apac|ap|global|jp|au|ca)\.)?"
    r"(?:(?:anthropic|amazon|meta|mistral|cohere|ai21|deepseek|qwen|openai)\.)?(?:meta-(?=llama))?"
)


def provider_word(name: str) -> str:
    """The provider as an entry names it: a word of ``PROVIDERS``, empty when nothing was named."""
    return _provider(name) if len(name) <= MODEL_CHARACTERS else OTHER


def finish_word(reason: str) -> str:
    """The finish reason as an entry names it: a word of ``FINISHES``, empty when nothing was named."""
    if not reason:
        return ""
    return _FINISH.get(reason) or _FINISH.get(reason[:MODEL_CHARACTERS].lower(), OTHER)


def model_word(name: str) -> str:
    """The public name of a model: itself, a fine-tune's base, ``other``, or empty when nothing was named."""
    return _model(name) if len(name) <= 4 * MODEL_CHARACTERS else OTHER


@lru_cache(maxsize=1_024)
def _provider(name: str) -> str:
    word = name.lower()
    return word if not word or word in PROVIDERS else _PROVIDER_SYNONYMS.get(word, OTHER)


@lru_cache(maxsize=4_096)
def _model(name: str) -> str:
    if not name or name == OTHER:
        return name
    word = name.lower()
    if word.startswith("ft:"):
        word = word.split(":")[1]
    word = _VENDOR.sub("", word.rsplit("/", 1)[-1], count=1)
    family = _FAMILY.match(word)
    if family is None or not word.isascii() or len(word) > MODEL_CHARACTERS:
        return OTHER
    # "llama3", "o3", "qwen2.5": a family may carry its number without a separator.
    first, *words = _SEPARATOR.split(word[family.end() :])
    return word if all(map(_is_version, words)) and (not first or _is_version(first)) else OTHER


def _is_version(word: str) -> bool:
    return word in _WORDS or _VERSION.fullmatch(word) is not None
