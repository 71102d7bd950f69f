# mypy: ignore-errors
"""LangSmith's own decorator: a tree with a tool, a failure, a stream, a retriever, an attachment and feedback.

Runs in every version of the Python package; what an old one has no word for is left out there.
"""

import contextlib
import json
import sys

from langsmith import Client, traceable
from langsmith.run_helpers import get_current_run_tree

from tests.compat import plot

client = Client()
seen = {}


def remember(name: str) -> None:
    run = get_current_run_tree()
    seen[name] = {"trace": str(run.trace_id), "run": str(run.id), "started": run.start_time.isoformat()}


@traceable(run_type="tool")
def get_weather(city: str) -> str:
    return plot.get_weather(city)


@traceable(run_type="retriever")
def search(query: str) -> list[dict]:
    return [
        {"page_content": text, "type": "Document", "metadata": {"source": f"{number}.txt"}}
        for number, text in enumerate(plot.PASSAGES)
    ]


@traceable(run_type="llm", metadata={"ls_provider": "openai", "ls_model_name": plot.MODEL, "ls_temperature": 0.2})
def model(messages: list[dict]) -> dict:
    return {
        "messages": [{"role": "assistant", "content": plot.TOOL_ANSWER}],
        "usage_metadata": {
            "input_tokens": 121,
            "output_tokens": 13,
            "total_tokens": 134,
            "input_token_details": {"cache_read": 64},
        },
    }


@traceable(run_type="llm", metadata={"ls_provider": "openai", "ls_model_name": plot.MODEL})
def streamed(messages: list[dict]):
    yield from plot.Reply(text=plot.ANSWER).pieces()


@traceable
def fragile(order: str) -> str:
    message = f"no such order: {order}"
    raise LookupError(message)


@traceable(
    name="assistant", tags=["golden"], metadata={"user_id": plot.USER, "session_id": plot.SESSION, "tier": "gold"}
)
def assistant(question: str) -> dict:
    remember("assistant")
    search(plot.SEARCH)
    get_weather(plot.CITY)
    with contextlib.suppress(LookupError):
        fragile("A-17")
    "".join(streamed([{"role": "user", "content": question}]))
    return model([{"role": "system", "content": plot.SYSTEM}, {"role": "user", "content": question}])


@traceable(name="failing")
def failing(question: str) -> str:
    remember("failing")
    return fragile(question)


assistant(plot.FOLLOW_UP)
with contextlib.suppress(LookupError):
    failing("B-18")
run = seen["assistant"]
client.create_feedback(run["run"], key="helpful", score=0.5, comment="It could be shorter.", trace_id=run["trace"])
client.create_feedback(seen["failing"]["run"], key="thumbs", score=0, value="down")
client.tracing_queue.join()
getattr(client, "flush", lambda: None)()  # there since 0.2
sys.stdout.write(json.dumps(seen))
