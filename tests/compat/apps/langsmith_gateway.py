# mypy: ignore-errors
"""A function traced by LangSmith's SDK that calls its model through the gateway, with the headers the SDK gives it."""

import json
import os
import urllib.request

from langsmith import Client, traceable
from langsmith.run_helpers import get_current_run_tree

from tests.compat import plot


@traceable(name="plan", tags=["trip"])
def plan(question: str) -> str:
    headers = get_current_run_tree().to_headers()
    assert "langsmith-trace" in headers
    body = json.dumps({"model": plot.MODEL, "messages": [{"role": "user", "content": question}]}).encode()
    headers |= {"content-type": "application/json", "authorization": "Bearer sk-openai-secret"}
    request = urllib.request.Request(f"{os.environ['GATEWAY']}/openai/v1/chat/completions", body, headers)
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)["choices"][0]["message"]["content"]


if __name__ == "__main__":
    assert plan(plot.QUESTION) == plot.ANSWER
    Client().flush()
