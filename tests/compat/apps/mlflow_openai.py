# mypy: ignore-errors
"""MLflow tracing on the OpenAI client, exported over OTLP instead of to an MLflow server."""

import mlflow
from mlflow.entities import SpanType

from tests.compat import plot
from tests.compat.apps import talk

mlflow.openai.autolog()


@mlflow.trace(span_type=SpanType.TOOL)
def get_weather(city: str) -> str:
    return plot.get_weather(city)


@mlflow.trace(name="shelf", span_type=SpanType.RETRIEVER)
def find(question: str) -> list:
    return [
        {"page_content": text, "metadata": {"source": f"{name}.txt"}, "id": f"doc-{name}"}
        for name, text in zip("ab", plot.PASSAGES, strict=True)
    ]


@mlflow.trace(name="weather_report", span_type=SpanType.AGENT, attributes={"tier": "gold"})
def report(client, question: str) -> str:
    mlflow.update_current_trace(
        tags={"team": "maps"}, metadata={"mlflow.trace.user": plot.USER, "mlflow.trace.session": plot.SESSION}
    )
    find(question)
    talk.tools(client, get_weather)
    return plot.TOOL_ANSWER


def workflow(client) -> None:
    report(client, plot.FOLLOW_UP)


talk.run_case(talk.openai_client(), extra={"workflow": workflow})
mlflow.flush_trace_async_logging(terminate=True)
