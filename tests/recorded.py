"""A recording part in a temporary directory, and invented spans to send into it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from onrecord.model.project import ContentMode, Project
from onrecord.model.record import Place
from onrecord.model.time import Clock, FixedClock, SystemClock
from onrecord.receive.port import Ack, Delivery
from onrecord.server.recording import Recording

NOVEMBER_US = 1_795_000_000_000_000  # 18 November 2026
PROJECT = Project(id="c0ffee0000000001", number=2, name="default")


@contextmanager
def recording(
    directory: Path, clock: Clock | None = None, project: Project = PROJECT, *, start: bool = True, workers: int = 0
) -> Iterator[Recording]:
    """A recording part over ``directory``, running unless ``start`` is False."""
    made = Recording(
        data=directory / "data",
        keys=directory / "keys",
        host="localhost",
        node="n1",
        clock=clock or SystemClock(),
        projects=lambda: [project],
        workers=workers,
    )
    if start:
        made.start()
    try:
        yield made
    finally:
        if start:
            made.stop()


def november() -> FixedClock:
    """A clock that stands in the middle of a month."""
    return FixedClock(NOVEMBER_US)


def span(
    number: int,
    *,
    trace: int = 1,
    parent: int = 0,
    user: str = "",
    session: str = "",
    messages: tuple[tuple[str, str], ...] = (("user", "hello"),),
    answer: str = "hi",
) -> ExportTraceServiceRequest:
    """An export request with one model call in it."""
    request = ExportTraceServiceRequest()
    one = (
        request.resource_spans.add()
        .scope_spans.add()
        .spans.add(
            trace_id=trace.to_bytes(16, "big"),
            span_id=number.to_bytes(8, "big"),
            parent_span_id=parent.to_bytes(8, "big") if parent else b"",
            name=f"call {number}",
            start_time_unix_nano=NOVEMBER_US * 1_000,
            end_time_unix_nano=NOVEMBER_US * 1_000 + 5_000_000,
        )
    )
    attributes = {
        "openinference.span.kind": "LLM",
        "llm.model_name": "gpt-4o-mini",
        "user.id": user,
        "session.id": session,
        "llm.output_messages.0.message.role": "assistant",
        "llm.output_messages.0.message.content": answer,
    }
    for at, (role, text) in enumerate(messages):
        attributes[f"llm.input_messages.{at}.message.role"] = role
        attributes[f"llm.input_messages.{at}.message.content"] = text
    for key, value in attributes.items():
        if value:
            one.attributes.add(key=key).value.string_value = value
    return request


def send(made: Recording, *requests: ExportTraceServiceRequest, project: Project = PROJECT) -> Ack:
    """Send requests as one delivery and wait for the acknowledgement."""
    whole = ExportTraceServiceRequest()
    for request in requests:
        whole.MergeFrom(request)
    delivery = Delivery(project=project, signal="traces", media="protobuf", body=whole.SerializeToString())
    return made.pipeline.submit(delivery).result(30)


def place(index: int) -> Place:
    """The place of a record in the ledger of 2026."""
    return Place(2026, index)


def in_mode(mode: ContentMode) -> Project:
    """The project under a content mode."""
    return Project(id=PROJECT.id, number=2, name="default", mode=mode)


def every_byte(directory: Path) -> bytes:
    """All bytes of all files below a directory."""
    return b"".join(path.read_bytes() for path in sorted(directory.rglob("*")) if path.is_file())
