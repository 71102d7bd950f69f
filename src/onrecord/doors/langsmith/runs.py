"""Runs come in: multipart, as a batch, one at a time, and feedback alone.

Whoever is known is answered 2xx, whatever was sent: what does not parse is kept among the dead letters. The answer
leaves after everything is durable.
"""

import asyncio
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from onrecord.doors.langsmith.answers import SIGNAL, answer, guarded
from onrecord.doors.langsmith.judged import remember
from onrecord.doors.langsmith.places import Places
from onrecord.doors.langsmith.taking import agent_of, keep, writer
from onrecord.doors.port import Desk
from onrecord.limits import MEDIA_BYTES
from onrecord.model.media import Media
from onrecord.model.project import Project
from onrecord.receive import langsmith
from onrecord.receive.port import Ack, Delivery

_ACCEPTED: Final = 202


class RunsIn:
    """The endpoints that take runs."""

    def __init__(self, desk: Desk, places: Places) -> None:
        self._desk = desk
        self._places = places

    def routes(self) -> list[Route]:
        """Their addresses, below any of the prefixes."""
        tally = self._desk.bodies.tally
        return [
            Route("/runs/multipart", guarded(self._multipart, tally), methods=["POST"]),
            Route("/runs/batch", guarded(self._batch, tally), methods=["POST"]),
            Route("/runs", guarded(self._post, tally), methods=["POST"]),
            Route("/runs/{run}", guarded(self._patch, tally), methods=["PATCH"]),
        ]

    async def _multipart(self, request: Request) -> Response:
        media = request.headers.get("content-type", "")
        project = writer(self._desk, request)
        async with self._desk.bodies.whatever(request, SIGNAL) as (body, fault):
            if fault:
                await self._keep(request, project, "langsmith.unreadable", fault, body)
            else:
                await self._keep_attachments(request, project, media, body)
                await self._keep(request, project, "langsmith.multipart", media, body)
                if b'name="feedback.' in body:
                    await asyncio.to_thread(self._remember_feedback, project, media, body)
        return answer({"message": "Runs batch ingested"}, _ACCEPTED)

    async def _batch(self, request: Request) -> Response:
        project = writer(self._desk, request)
        async with self._desk.bodies.whatever(request, SIGNAL) as (body, fault):
            signal = "langsmith.unreadable" if fault else "langsmith.batch"
            await self._keep(request, project, signal, fault, body)
        return answer({"message": "Runs batch ingested"}, _ACCEPTED)

    async def _post(self, request: Request) -> Response:
        project = writer(self._desk, request)
        async with self._desk.bodies.whatever(request, SIGNAL) as (body, fault):
            media = "\n".join(("post", *self._places.remember(project, body)))
            await self._keep_one(request, project, media, body, fault)
        return answer({"message": "Run created"}, _ACCEPTED)

    async def _patch(self, request: Request) -> Response:
        run = request.path_params["run"]
        project = writer(self._desk, request)
        async with self._desk.bodies.whatever(request, SIGNAL) as (body, fault):
            media = "\n".join(("patch", run, await self._places.trace_of(project, run)))
            await self._keep_one(request, project, media, body, fault)
        return answer({"message": "Run updated"}, _ACCEPTED)

    async def _keep_one(self, request: Request, project: Project, media: str, body: bytes, fault: str) -> None:
        signal = "langsmith.unreadable" if fault else "langsmith.run"
        await self._keep(request, project, signal, fault or media, body)

    async def _keep(self, request: Request, project: Project, signal: str, media: str, body: bytes) -> Ack:
        delivery = Delivery(project=project, signal=signal, media=media, body=body, user_agent=agent_of(request))
        return await keep(self._desk, delivery)

    async def _keep_attachments(self, request: Request, project: Project, media: str, body: bytes) -> None:
        """Attachments are durable before the run that has them is, and before anything is answered."""
        if b'name="attachment.' not in body:
            return
        for one in await asyncio.to_thread(langsmith.attachments, body, media):
            trace = one.trace or await self._places.trace_of(project, one.run) or one.run
            medium = Media(
                id=langsmith.media_id(one.run, one.name),
                trace_id=trace.lower(),
                span_id=one.run.lower(),
                field=one.name,
                media_type=one.media_type,
                time_unix_nano=self._desk.clock.now_us() * 1_000,
                data=one.data,
            )
            if len(one.data) > MEDIA_BYTES:
                await self._keep(request, project, "langsmith.unreadable", "an attachment is too large", one.data)
                continue
            await asyncio.shield(asyncio.wrap_future(self._desk.pipeline.media(project, medium)))

    def _remember_feedback(self, project: Project, media: str, body: bytes) -> None:
        for given in langsmith.feedback_in(body, media):
            remember(self._desk, project, given)
