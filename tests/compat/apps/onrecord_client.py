# mypy: ignore-errors
"""Our own client in an application that calls OpenAI and Anthropic: one line, and whatever is installed instruments.

With ``there`` the application has set up OpenTelemetry before, with an exporter of its own.
"""

import sys
import threading

from tests.compat import plot
from tests.compat.apps import talk


class Seen:
    """The application's own exporter."""

    def __init__(self):
        self.spans = []

    def export(self, spans):
        self.spans += spans

    def shutdown(self): ...

    def force_flush(self, timeout_millis=0): ...


def own_provider():
    from opentelemetry import trace  # noqa: PLC0415 - only here, as an application would
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor  # noqa: PLC0415

    seen = Seen()
    provider = TracerProvider(resource=Resource.create({"service.name": "the application's own name"}))
    provider.add_span_processor(SimpleSpanProcessor(seen))
    trace.set_tracer_provider(provider)
    return seen


seen = own_provider() if sys.argv[1] == "there" else None

import onrecord  # noqa: E402 - after the application's own set-up

onrecord.init()
onrecord.init()


@onrecord.trace(kind="agent")
def assistant(question):
    talk.chat(talk.openai_client())
    talk.stream(talk.openai_client())
    talk.claude_chat(talk.anthropic_client())
    helper = threading.Thread(target=talk.chat, args=(talk.openai_client(),))
    helper.start()
    helper.join()
    return plot.ANSWER


with onrecord.context(user=plot.USER, session=plot.SESSION):
    assistant(plot.QUESTION)
assert onrecord.flush(30), onrecord.status()
if seen is not None:
    assert len(seen.spans) == onrecord.status()["taken"], "the application's own exporter goes on"
    assert not [span for span in seen.spans if "user.id" in span.attributes], "no person's id from us"
assert "google.protobuf" not in sys.modules
assert "protobuf" not in " ".join(sys.modules), "recording needs no protobuf"
