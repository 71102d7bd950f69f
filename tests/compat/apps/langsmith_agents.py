# mypy: ignore-errors
"""LangSmith around other packages: the wrapped OpenAI client, a LangChain chain, an agent of LangGraph, embeddings."""

import contextlib
import json
import sys

from langchain.agents import create_agent
from langchain_core.documents import Document
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.tools import tool
from langchain_core.vectorstores import InMemoryVectorStore
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from langsmith import Client, traceable
from langsmith.run_helpers import get_current_run_tree
from langsmith.wrappers import wrap_openai
from openai import OpenAI

from tests.compat import plot
from tests.compat.apps import talk

client = Client()
seen = {}


def remember(name):
    seen[name] = str(get_current_run_tree().trace_id)


@tool
def get_weather(city: str) -> str:
    """The weather in a city."""
    return plot.get_weather(city)


def chat_model(**more):
    return ChatOpenAI(
        model=plot.MODEL, temperature=plot.TEMPERATURE, seed=plot.SEED, max_retries=0, use_responses_api=False, **more
    )


@traceable
def wrapped() -> None:
    remember("wrapped")
    openai = wrap_openai(OpenAI(max_retries=0))
    common = {"model": plot.MODEL, "temperature": plot.TEMPERATURE}
    openai.chat.completions.create(messages=talk.opening(plot.QUESTION), **common)
    tools = [{"type": "function", "function": plot.WEATHER_TOOL}]
    openai.chat.completions.create(messages=talk.opening(plot.FOLLOW_UP), tools=tools, **common)
    stream = openai.chat.completions.create(
        messages=talk.opening(plot.QUESTION), stream=True, stream_options={"include_usage": True}, **common
    )
    assert "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices) == plot.ANSWER
    openai.responses.create(model=plot.MODEL, instructions=plot.SYSTEM, input=plot.QUESTION)
    with contextlib.suppress(Exception):
        openai.chat.completions.create(messages=talk.opening(plot.FAILING), **common)


@traceable
def chain() -> None:
    remember("chain")
    prompt = ChatPromptTemplate.from_messages([("system", plot.SYSTEM), ("user", "{question}")])
    asked = {"metadata": {"tier": "gold", "thread_id": plot.SESSION}, "tags": ["golden"]}
    (prompt | chat_model()).invoke({"question": plot.QUESTION}, config=asked)
    "".join(chunk.content for chunk in chat_model().stream(talk.opening(plot.QUESTION), stream_usage=True))
    with contextlib.suppress(Exception):
        chat_model().invoke(talk.opening(plot.FAILING))


@traceable
def agent() -> None:
    remember("agent")
    create_agent(chat_model(), [get_weather], system_prompt=plot.SYSTEM, name="geographer").invoke(
        {"messages": [{"role": "user", "content": plot.FOLLOW_UP}]},
        config={"configurable": {"thread_id": plot.SESSION}},
    )


@traceable
def retrieval() -> None:
    remember("retrieval")
    embeddings = OpenAIEmbeddings(model=plot.EMBEDDER, check_embedding_ctx_length=False, max_retries=0)
    shelf = InMemoryVectorStore(embeddings)
    shelf.add_documents([Document(text, id=f"doc-{n}", metadata={"n": n}) for n, text in enumerate(plot.PASSAGES)])
    shelf.as_retriever(search_kwargs={"k": 2}).invoke(plot.SEARCH)


for case in (wrapped, chain, agent, retrieval):
    case()
client.flush()
sys.stdout.write(json.dumps(seen))
