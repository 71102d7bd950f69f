# mypy: ignore-errors
"""OpenInference's LangChain instrumentation: a prompt chain, an agent with a tool, a retriever over embeddings."""

from langchain.agents import create_agent
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.tools import tool
from langchain_core.vectorstores import InMemoryVectorStore
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from openinference.instrumentation import using_attributes
from openinference.instrumentation.langchain import LangChainInstrumentor

from tests.compat import plot
from tests.compat.apps import talk, telemetry


def model():
    return ChatOpenAI(
        model=plot.MODEL, temperature=plot.TEMPERATURE, seed=plot.SEED, max_retries=0, use_responses_api=False
    )


@tool
def get_weather(city: str) -> str:
    """The weather in a city."""
    return plot.get_weather(city)


def chat(_) -> None:
    prompt = ChatPromptTemplate.from_messages([("system", plot.SYSTEM), ("user", "{question}")])
    (prompt | model()).invoke({"question": plot.QUESTION}, config={"metadata": {"tier": "gold"}, "tags": ["golden"]})


def stream(_) -> None:
    words = model().stream(talk.opening(plot.QUESTION), stream_usage=True)
    assert "".join(chunk.content for chunk in words) == plot.ANSWER


def agent(_) -> None:
    create_agent(model(), [get_weather], system_prompt=plot.SYSTEM, name="geographer").invoke(
        {"messages": [{"role": "user", "content": plot.FOLLOW_UP}]}
    )


def error(_) -> None:
    try:
        model().invoke(talk.opening(plot.FAILING))
    except Exception as failure:
        assert "429" in str(failure)
    else:
        raise AssertionError


def retrieval(_) -> None:
    embeddings = OpenAIEmbeddings(model=plot.EMBEDDER, check_embedding_ctx_length=False, max_retries=0)
    shelf = InMemoryVectorStore(embeddings)
    shelf.add_texts(list(plot.PASSAGES), metadatas=[{"source": "a.txt"}, {"source": "b.txt"}], ids=["doc-a", "doc-b"])
    shelf.as_retriever(search_kwargs={"k": 2}).invoke(plot.SEARCH)


LangChainInstrumentor().instrument(tracer_provider=telemetry.set_up())
CASES = {"chat": chat, "stream": stream, "agent": agent, "error": error, "retrieval": retrieval}
with using_attributes(session_id=plot.SESSION, user_id=plot.USER):
    talk.run_case(None, extra=CASES)
