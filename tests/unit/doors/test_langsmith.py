"""LangSmith's door over a real recording: what is durable when it answers, and what a full server says."""

import gzip
import json
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest
from starlette.types import ASGIApp

from onrecord.control.keyring import Keyring
from onrecord.control.library import Library
from onrecord.doors.langsmith.app import routes
from onrecord.doors.port import Desk
from onrecord.errors import Denied, Missing, Pushback, Unavailable
from onrecord.limits import MEDIA_BYTES
from onrecord.model.access import Access
from onrecord.model.project import Project
from onrecord.model.time import SystemClock
from onrecord.query.engine import Engine
from onrecord.query.results import Page
from onrecord.receive.bodies import Bodies
from onrecord.receive.inflight import Inflight
from onrecord.receive.port import Ack, Delivery, Intake
from onrecord.receive.tally import Tally
from onrecord.server.app import build
from onrecord.server.recording import Recording
from tests.asgi import Answer, ask
from tests.recorded import PROJECT, november, place, recording

BOUNDARY = "0f4e"
HEADERS = {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}
PATH = "/langsmith/api/v1/runs/multipart"
RUN = {"id": "01a210b4-9996-7078-8b40-4a9f2a0c3e3e", "name": "step", "run_type": "chain"}
TRACED = RUN | {"trace_id": "01a210b4-0000-7078-8b40-4a9f2a0c3e3e"}
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4


class Keys:
    """Everybody writes, nobody reads."""

    def writer(self, key: str) -> Project:
        raise Denied("The API key is not known.", status=401)

    def keyless_project(self) -> Project | None:
        return PROJECT


class EmptyStore:
    """A store that has no rows yet."""

    def spans(self, access: Access, project: str, *_: object) -> Page[Any]:
        return Page(rows=())


class Refusing:
    """An intake that has no room, or that fails."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def submit(self, delivery: Delivery) -> "Future[Ack]":
        raise self.error


def desk_of(made: Recording, workers: ThreadPoolExecutor) -> Desk:
    bodies = Bodies(
        inflight=Inflight(max_bytes=64_000_000, max_requests=4), tally=Tally(), workers=workers, body_bytes=48_000_000
    )
    return Desk(
        intake=made.pipeline,
        bodies=bodies,
        keyring=cast("Keyring", Keys()),
        pipeline=made.pipeline,
        library=cast("Library", None),
        engine=cast("Engine", EmptyStore()),
        clock=SystemClock(),
        identify=lambda _: (_ for _ in ()).throw(Denied("nobody", status=401)),
    )


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Recording]:
    with recording(tmp_path, november()) as running:
        yield running


@pytest.fixture
def desk(made: Recording) -> Iterator[Desk]:
    with ThreadPoolExecutor(1) as workers:
        yield desk_of(made, workers)


@pytest.fixture
def door(desk: Desk) -> ASGIApp:
    return build(routes(desk))


def part(name: str, body: bytes, media: str = "application/json") -> bytes:
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\nContent-Type: {media}\r\n\r\n'
    return head.encode() + body + b"\r\n"


def send(door: ASGIApp, *parts: bytes) -> Answer:
    body = b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()
    return ask(door, "POST", PATH, headers=HEADERS, body=body)


def test_an_attachment_is_durable_with_its_trace_when_the_answer_leaves(door: ASGIApp, made: Recording) -> None:
    posted = part(f"post.{RUN['id']}", json.dumps(TRACED).encode())
    attached = part(f"attachment.{RUN['id']}.face", PICTURE, "image/png; length=1032")
    assert send(door, posted, attached).status == 202
    place = made.content.media_place(PROJECT.number, TRACED["trace_id"], f"{RUN['id']}.face")
    kept = made.content.media(PROJECT.number, place)
    assert (kept.data, kept.media_type, kept.field, kept.span_id) == (PICTURE, "image/png", "face", RUN["id"])


def test_an_attachment_that_is_too_large_is_a_dead_letter_and_costs_nothing_else(
    door: ASGIApp, made: Recording
) -> None:
    posted = part(f"post.{RUN['id']}", json.dumps(TRACED).encode())
    huge = part(f"attachment.{RUN['id']}.film", bytes(MEDIA_BYTES + 1), "video/mp4")
    body = gzip.compress(posted + huge + f"--{BOUNDARY}--\r\n".encode(), 1)
    answer = ask(door, "POST", PATH, headers=HEADERS | {"content-encoding": "gzip"}, body=body)
    assert (answer.status, made.staging.dead_total) == (202, 1)
    assert made.content.read(PROJECT.number, place(1)).name == "step"


@pytest.mark.parametrize("error", [Pushback("full", retry_after_s=3), Unavailable("a disk is full")])
def test_a_server_that_has_no_room_asks_to_come_back(desk: Desk, error: Exception) -> None:
    refusing = msgspec.structs.replace(desk, intake=cast("Intake", Refusing(error)))
    answer = send(build(routes(refusing)), part(f"post.{RUN['id']}", json.dumps(RUN).encode()))
    assert answer.status == 503
    assert int(answer.headers["retry-after"]) >= 3


def test_an_error_of_ours_is_no_loss_to_the_client_and_says_no_word_of_the_payload(desk: Desk) -> None:
    refusing = msgspec.structs.replace(desk, intake=cast("Intake", Refusing(RuntimeError("ada@example.org"))))
    answer = send(build(routes(refusing)), part(f"post.{RUN['id']}", json.dumps(RUN).encode()))
    assert answer.status == 500  # tried again by the client
    assert b"ada" not in answer.body


def test_a_medium_of_another_trace_is_not_found(door: ASGIApp, made: Recording) -> None:
    attached = part(f"attachment.{RUN['id']}.face", PICTURE, "image/png")
    send(door, part(f"post.{RUN['id']}", json.dumps(TRACED).encode()), attached)
    with pytest.raises(Missing):
        made.content.media_place(PROJECT.number, RUN["id"], f"{RUN['id']}.face")


def test_links_need_a_login(door: ASGIApp) -> None:
    answer = ask(door, "GET", "/langsmith/o/t/datasets/d/compare?selectedSessions=s")
    assert answer.status == 303
    assert (
        answer.headers["location"] == "/login?next=%2Flangsmith%2Fo%2Ft%2Fdatasets%2Fd%2Fcompare%3FselectedSessions%3Ds"
    )
