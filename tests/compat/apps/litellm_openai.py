# mypy: ignore-errors
"""LiteLLM's OpenTelemetry callback."""

import time

import litellm

from tests.compat import plot
from tests.compat.apps import talk, telemetry

telemetry.set_up()
litellm.callbacks = ["otel"]
litellm.suppress_debug_info = True
WITH = {
    **talk.PLAIN,
    "num_retries": 0,
    "user": plot.USER,
    "metadata": {"session_id": plot.SESSION, "tier": "gold", "tags": ["golden"]},
}


class Completions:
    """Wears the shape of a client, so that the talk can be held through LiteLLM."""

    @property
    def chat(self):
        return self

    completions = chat

    def create(self, **request):
        request["model"] = f"openai/{request['model']}"
        return litellm.completion(**{**WITH, **request})


def error(client) -> None:
    try:
        client.create(**talk.PLAIN, messages=talk.opening(plot.FAILING))
    except Exception as failure:
        assert "Rate" in str(failure)
    else:
        raise AssertionError


def embeddings(_) -> None:
    litellm.embedding(model=f"openai/{plot.EMBEDDER}", input=list(plot.PASSAGES), user=plot.USER)


talk.run_case(Completions(), extra={"error": error, "embeddings": embeddings})
time.sleep(5)
