# mypy: ignore-errors
"""The providers' own SDKs, with nothing changed but the base URL (``GATEWAY``, a key of ours in its path or none)."""

import os
import sys

import anthropic
import openai
from google import genai
from mistralai.client import Mistral

from tests.compat import plot
from tests.compat.apps import talk

ROOT = os.environ["GATEWAY"]
GEMINI = "gemini-2.5-flash"


def openai_chat() -> None:
    client = openai.OpenAI(base_url=f"{ROOT}/openai/v1", api_key="sk-openai-secret", max_retries=0)
    for case in (talk.chat, talk.stream, talk.tools, talk.stream_tools, talk.refusal, talk.image, talk.error):
        case(client)


def openai_responses() -> None:
    client = openai.OpenAI(base_url=f"{ROOT}/v1", api_key="sk-openai-secret", max_retries=0)
    whole = client.responses.create(model=plot.MODEL, instructions=plot.SYSTEM, input=plot.QUESTION)
    assert whole.output_text == plot.ANSWER
    events = client.responses.create(model=plot.MODEL, instructions=plot.SYSTEM, input=plot.QUESTION, stream=True)
    assert "".join(event.delta for event in events if event.type == "response.output_text.delta") == plot.ANSWER
    client.embeddings.create(model=plot.EMBEDDER, input=list(plot.PASSAGES))


def azure() -> None:
    client = openai.AzureOpenAI(
        base_url=f"{ROOT}/azure/openai/deployments/gpt-4o-mini", api_key="azure-secret", api_version="2024-10-21"
    )
    talk.chat(client)


def anthropic_messages() -> None:
    client = anthropic.Anthropic(base_url=f"{ROOT}/anthropic", api_key="sk-ant-secret", max_retries=0)
    asked = {"model": plot.CLAUDE, "max_tokens": 2000, "system": plot.SYSTEM}
    question = [{"role": "user", "content": plot.QUESTION}]
    assert client.messages.create(**asked, messages=question).content[0].text == plot.ANSWER
    with client.messages.stream(**asked, messages=question) as stream:
        assert "".join(stream.text_stream) == plot.ANSWER
    thinking = {"type": "enabled", "budget_tokens": 1024}
    riddle = [{"role": "user", "content": plot.RIDDLE}]
    with client.messages.stream(**asked, messages=riddle, thinking=thinking) as stream:
        assert stream.get_final_message().content[0].thinking == plot.THOUGHT
    weather = [{"role": "user", "content": plot.FOLLOW_UP}]
    with client.messages.stream(**asked, messages=weather, tools=[talk.CLAUDE_TOOL]) as stream:
        assert stream.get_final_message().content[0].input == {"city": plot.CITY}


def gemini() -> None:
    client = genai.Client(api_key="gemini-secret", http_options={"base_url": f"{ROOT}/gemini"})
    config = {"system_instruction": plot.SYSTEM, "temperature": plot.TEMPERATURE}
    assert client.models.generate_content(model=GEMINI, contents=plot.QUESTION, config=config).text == plot.ANSWER
    pieces = client.models.generate_content_stream(model=GEMINI, contents=plot.QUESTION, config=config)
    assert "".join(piece.text for piece in pieces) == plot.ANSWER
    found = client.models.embed_content(model="gemini-embedding-001", contents=list(plot.PASSAGES))
    assert len(found.embeddings) == len(plot.PASSAGES)


def mistral() -> None:
    client = Mistral(api_key="mistral-secret", server_url=f"{ROOT}/mistral")
    asked = {"model": "mistral-small-latest", "messages": talk.opening(plot.QUESTION), "temperature": plot.TEMPERATURE}
    assert client.chat.complete(**asked).choices[0].message.content == plot.ANSWER
    pieces = client.chat.stream(**asked)
    assert "".join(piece.data.choices[0].delta.content or "" for piece in pieces) == plot.ANSWER


if __name__ == "__main__":
    {case.__name__: case for case in (openai_chat, openai_responses, azure, anthropic_messages, gemini, mistral)}[
        sys.argv[1]
    ]()
