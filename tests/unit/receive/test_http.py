"""The OTLP endpoints: bounds before work, answers in the request's own form, 200 only after the acknowledgement."""

import asyncio
import gzip
import json
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from starlette.types import ASGIApp

from onrecord import limits
from onrecord.errors import Denied, Pushback, Rejected, Unavailable
from onrecord.model.project import Project
from onrecord.receive.bodies import Bodies
from onrecord.receive.http import Receiver
from onrecord.receive.inflight import Inflight
from onrecord.receive.port import Ack, Delivery
from onrecord.receive.tally import Tally
from onrecord.server.app import build
from tests.asgi import Answer, ask, ask_async

PROJECT = Project(id="00000000000000aa", number=2, name="default")
PROTOBUF = {"content-type": "application/x-protobuf"}
JSON = {"content-type": "application/json; charset=utf-8"}


class OpenDoor:
    """Everybody writes."""

    def writer(self, key: str) -> Project:
        raise Denied("The API key is not known.", status=401)

    def keyless_project(self) -> Project | None:
        return PROJECT


class Shelf:
    """An intake that keeps what it is given and answers what it is told."""

    def __init__(self) -> None:
        self.taken: list[Delivery] = []
        self.answer: Ack | Exception | None = Ack(accepted=3)
        self.waiting: list[Future[Ack]] = []

    def submit(self, delivery: Delivery) -> "Future[Ack]":
        self.taken.append(delivery)
        future: Future[Ack] = Future()
        self.waiting.append(future)
        if isinstance(self.answer, Pushback):
            raise self.answer
        if isinstance(self.answer, Exception):
            future.set_exception(self.answer)
        elif self.answer is not None:
            future.set_result(self.answer)
        return future


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def receiver(shelf: Shelf) -> Iterator[Receiver]:
    with ThreadPoolExecutor(1) as workers:
        bodies = Bodies(
            inflight=Inflight(max_bytes=4_000_000, max_requests=2),
            tally=Tally(),
            workers=workers,
            body_bytes=2_000_000,
        )
        yield Receiver(intake=shelf, keyring=OpenDoor(), bodies=bodies, tally=bodies.tally)


@pytest.fixture
def app(receiver: Receiver) -> ASGIApp:
    return build(receiver.routes())


def send(app: ASGIApp, body: bytes = b"spans", signal: str = "traces", **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return ask(app, "POST", f"/v1/{signal}", headers=PROTOBUF | named, body=body)


@pytest.mark.parametrize("signal", ["traces", "logs"])
@pytest.mark.parametrize(("form", "media"), [(PROTOBUF, "protobuf"), (JSON, "json")])
def test_a_delivery_is_what_was_sent_without_its_coding(
    app: ASGIApp, shelf: Shelf, signal: str, form: dict[str, str], media: str
) -> None:
    headers = form | {"content-encoding": "gzip", "user-agent": "exporter/1"}
    answer = ask(app, "POST", f"/v1/{signal}", headers=headers, body=gzip.compress(b"spans"))
    assert answer.status == 200
    assert answer.body == (b"" if media == "protobuf" else b"{}")
    assert answer.headers["content-type"] == form["content-type"].partition(";")[0]
    assert shelf.taken == [
        Delivery(project=PROJECT, signal=signal, media=media, body=b"spans", user_agent="exporter/1")
    ]


def test_the_project_that_a_header_names_goes_with_the_delivery(app: ASGIApp, shelf: Shelf) -> None:
    assert send(app, x_project_name=" shop ").status == 200
    assert (shelf.taken[0].application, shelf.taken[0].project) == ("shop", PROJECT)


def test_a_chunked_body_is_put_together(app: ASGIApp, shelf: Shelf) -> None:
    assert ask(app, "POST", "/v1/traces", headers=PROTOBUF, body=[b"sp", b"", b"ans"]).status == 200
    assert shelf.taken[0].body == b"spans"


def test_a_large_body_is_decompressed_beside_the_event_loop_and_comes_out_whole(app: ASGIApp, shelf: Shelf) -> None:
    plain = bytes(range(256)) * 6_000
    assert send(app, gzip.compress(plain, 0), content_encoding="gzip").status == 200
    assert send(app, gzip.compress(plain, 9), content_encoding="gzip").status == 200
    assert [delivery.body for delivery in shelf.taken] == [plain, plain]


def test_metrics_are_accepted_counted_and_not_kept(app: ASGIApp, receiver: Receiver, shelf: Shelf) -> None:
    assert send(app, signal="metrics").status == 200
    assert receiver.tally.requests["metrics", 200] == 1
    assert shelf.taken == []


def test_partial_success_carries_its_reasons_in_both_forms(app: ASGIApp, shelf: Shelf) -> None:
    shelf.answer = Ack(accepted=1, rejected=300, reasons=("The trace id is zero.", "A name is not UTF-8."))
    said = "The trace id is zero. A name is not UTF-8."
    traces = ExportTraceServiceResponse.FromString(send(app).body)
    assert (traces.partial_success.rejected_spans, traces.partial_success.error_message) == (300, said)
    logs = ExportLogsServiceResponse.FromString(send(app, signal="logs").body)
    assert logs.partial_success.rejected_log_records == 300
    answer = ask(app, "POST", "/v1/traces", headers=JSON, body=b"{}")
    assert answer.json() == {"partialSuccess": {"rejectedSpans": "300", "errorMessage": said}}


def test_an_error_is_a_status_in_the_form_of_the_request(app: ASGIApp, shelf: Shelf) -> None:
    shelf.answer = Rejected("Byte 17 ends the message early.", hint="Send it whole.")
    answer = ask(app, "POST", "/v1/traces", headers=JSON, body=b"{")
    assert (answer.status, answer.json()) == (
        400,
        {"code": 3, "message": "Byte 17 ends the message early. Send it whole."},
    )
    # google.rpc.Status: code in field 1, message in field 2
    assert send(app).body == b"\x08\x03\x12\x2eByte 17 ends the message early. Send it whole."


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/grpc", "multipart/form-data"])
def test_another_media_type_is_415(app: ASGIApp, content_type: str) -> None:
    answer = send(app, content_type=content_type)
    assert answer.status == 415
    assert "application/x-protobuf" in json.loads(answer.body)["message"]


def test_another_coding_is_415_and_a_damaged_stream_400(app: ASGIApp) -> None:
    assert send(app, content_encoding="br").status == 415
    assert send(app, content_encoding="gzip").status == 400
    assert send(app, gzip.compress(b"spans")[:-4], content_encoding="gzip").status == 400


def test_a_body_beyond_the_bound_is_413_however_it_comes(app: ASGIApp, shelf: Shelf) -> None:
    bomb = gzip.compress(bytes(50_000_000))
    assert len(bomb) < limits.INLINE_BODY_BYTES
    assert send(app, bomb, content_encoding="gzip").status == 413
    assert send(app, bytes(2_000_001)).status == 413
    assert send(app, b"x", content_length=str(limits.BODY_COMPRESSED_BYTES + 1)).status == 413
    assert shelf.taken == []


def test_nothing_is_held_once_everything_is_answered(app: ASGIApp, receiver: Receiver, shelf: Shelf) -> None:
    for answer in (Ack(accepted=1), Rejected("no"), Pushback("full"), Unavailable("gone")):
        shelf.answer = answer
        for body, coding in ((b"x", "identity"), (gzip.compress(b"x" * 900_000, 0), "gzip"), (b"damaged", "gzip")):
            send(app, body, content_encoding=coding)
        ask(app, "POST", "/v1/traces", headers=PROTOBUF, body=[b"x" * 300_000, b"y" * 300_000])
    assert (receiver.bodies.inflight.bytes, receiver.bodies.inflight.requests) == (0, 0)


def test_pushback_says_when_to_come_back(app: ASGIApp, receiver: Receiver, shelf: Shelf) -> None:
    shelf.answer = Pushback("The queue is full.", retry_after_s=7)
    answer = send(app)
    assert (answer.status, answer.headers["retry-after"]) == (503, "7")
    assert receiver.tally.shed == 1


def test_a_full_server_refuses_before_it_reads(app: ASGIApp, receiver: Receiver, shelf: Shelf) -> None:
    with receiver.bodies.inflight.enter(3_000_000):
        answer = send(app, bytes(1_000_001))
    assert (answer.status, shelf.taken) == (503, [])


def test_the_answer_waits_for_the_acknowledgement(app: ASGIApp, shelf: Shelf) -> None:
    shelf.answer = None

    async def scenario() -> Answer:
        asking = asyncio.create_task(ask_async(app, "POST", "/v1/traces", headers=PROTOBUF, body=b"spans"))
        await asyncio.sleep(0.01)
        assert not asking.done()
        shelf.waiting[0].set_result(Ack(accepted=1))
        return await asking

    assert asyncio.run(scenario()).status == 200


def test_a_request_that_is_cancelled_leaves_the_commit_alone(app: ASGIApp, shelf: Shelf) -> None:
    shelf.answer = None

    async def scenario() -> None:
        asking = asyncio.create_task(ask_async(app, "POST", "/v1/traces", headers=PROTOBUF, body=b"spans"))
        await asyncio.sleep(0.01)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking

    asyncio.run(scenario())
    shelf.waiting[0].set_result(Ack(accepted=1))
    assert not shelf.waiting[0].cancelled()


def test_a_keyless_request_from_elsewhere_is_401_with_a_way_out(app: ASGIApp) -> None:
    answer = ask(app, "POST", "/v1/traces", headers=JSON, body=b"{}", peer="10.0.0.9")
    assert answer.status == 401
    assert "onrecord keys create" in answer.json()["message"]
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_only_post_is_known(app: ASGIApp) -> None:
    assert ask(app, "GET", "/v1/traces").status == 405
