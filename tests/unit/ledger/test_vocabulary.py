"""A name that a client chose reaches the ledger only when everybody knows it."""

import pytest

from onrecord.ledger.vocabulary import finish_word, model_word, provider_word

PUBLIC = [
    "gpt-4o-mini-2024-07-18", "gpt-3.5-turbo-16k-0613", "gpt-4o-mini-search-preview-2025-03-11", "gpt-oss:20b",
    "o4-mini", "gpt-5", "gpt-5-codex", "chatgpt-4o-latest", "text-embedding-ada-002", "claude-sonnet-4-20250514",
    "claude-opus-4-1-20250805", "claude-3-5-sonnet@20241022", "gemini-2.5-flash-preview-05-20", "grok-2-1212",
    "command-r-plus-08-2024", "mistral-large-2411", "deepseek-r1-distill-qwen-32b", "qwen3-235b-a22b",
    "kimi-k2-0905-preview", "llama-3.3-70b-instruct", "nomic-embed-text:latest", "other", "",
]  # fmt: skip


@pytest.mark.parametrize("name", PUBLIC)
def test_a_public_model_keeps_its_name(name: str) -> None:
    assert model_word(name) == name


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("ft:gpt-4o-mini:acme::x", "gpt-4o-mini"),
        ("ft:gpt-4o-mini-2024-07-18:acme:jan-de-vries:x", "gpt-4o-mini-2024-07-18"),
        ("us.anthropic.claude-3-5-sonnet-20241022-v2:0", "claude-3-5-sonnet-20241022-v2:0"),
        ("meta-llama/Meta-Llama-3.1-70B-Instruct", "llama-3.1-70b-instruct"),
        ("models/gemini-1.5-pro", "gemini-1.5-pro"),
        ("acme/gpt-4o", "gpt-4o"),
        ("llama3.1:8b-instruct-q4_K_M", "llama3.1:8b-instruct-q4_k_m"),
    ],
)
def test_path_vendor_and_fine_tune_are_cut(sent: str, kept: str) -> None:
    assert model_word(sent) == kept
    assert model_word(kept) == kept


@pytest.mark.parametrize(
    "name",
    ["gpt-4o-acme", "acme-gpt-4o", "jan-de-vries", "claude-jan", "gpt-0612345678", "gpt-0612-3456-78", "gpt-19900412",
     "ft:", "ft:acme:gpt-4o", "gpt--4", "gpt-4-", "gpt 4", "gpt-4\n", "GPT-4é", "gpt" + "-4" * 60],
)  # fmt: skip
def test_any_other_model_is_other(name: str) -> None:
    assert model_word(name) == "other"


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("openai", "openai"),
        ("az.ai.openai", "azure.openai"),
        ("AWS_Bedrock", "aws.bedrock"),
        ("Acme", "other"),
        ("", ""),
    ],
)
def test_providers_are_a_closed_list(sent: str, kept: str) -> None:
    assert provider_word(sent) == kept
    assert provider_word(kept) == kept


@pytest.mark.parametrize(
    ("sent", "kept"),
    [("end_turn", "stop"), ("STOP", "stop"), ("MAX_TOKENS", "length"), ("tool_use", "tool_calls"), ("jan", "other"),
     ("SAFETY", "content_filter"), ("", "")],
)  # fmt: skip
def test_finish_reasons_are_a_closed_list(sent: str, kept: str) -> None:
    assert finish_word(sent) == kept
    assert finish_word(kept) == kept
