"""Feedback alone: given, changed, read and withdrawn.

It is answered 200 before its run exists: which trace it belongs to is found if it can be, else the run is taken for
the root of its own trace, which is what an application judges.
"""

import asyncio
from typing import Any, Final

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from onrecord.doors.langsmith.answers import SIGNAL, answer, guarded
from onrecord.doors.langsmith.judged import KIND, remember
from onrecord.doors.langsmith.places import Places
from onrecord.doors.langsmith.shapes import WITHDRAWN
from onrecord.doors.langsmith.taking import agent_of, keep, new_uuid, parsed, writer
from onrecord.doors.port import Desk
from onrecord.errors import Missing, Rejected
from onrecord.model.project import Project
from onrecord.receive.port import Delivery

_CONTENT: Final = ("score", "value", "comment", "correction")


class FeedbackIn:
    """The endpoints that take feedback."""

    def __init__(self, desk: Desk, places: Places) -> None:
        self._desk = desk
        self._places = places

    def routes(self) -> list[Route]:
        """Their addresses."""
        tally = self._desk.bodies.tally
        return [
            Route("/feedback", guarded(self._post, tally), methods=["POST"]),
            Route("/feedback/{feedback}", guarded(self._patch, tally), methods=["PATCH"]),
            Route("/feedback/{feedback}", guarded(self._delete, tally), methods=["DELETE"]),
        ]

    async def _post(self, request: Request) -> Response:
        project = writer(self._desk, request)
        async with self._desk.bodies.whatever(request, SIGNAL) as (body, fault):
            given = object_of(body)
            if fault or given is None:
                await self._keep(
                    request, project, "langsmith.unreadable", body, fault or "feedback that is no JSON object"
                )
                return answer({})
            given["id"] = given.get("id") or new_uuid()
            if given.get("run_id") and not given.get("trace_id"):
                given["trace_id"] = await self._places.trace_of(project, str(given["run_id"])) or given["run_id"]
            return await self._put(request, project, given)

    async def _patch(self, request: Request) -> Response:
        project = writer(self._desk, request)
        known = await self._known(project, request.path_params["feedback"])
        async with self._desk.bodies.plain(request, SIGNAL) as body:
            changed = object_of(body)
            if changed is None:
                raise Rejected("Feedback is a JSON object.")
            return await self._put(request, project, known | {k: v for k, v in changed.items() if v is not None})

    async def _delete(self, request: Request) -> Response:
        project = writer(self._desk, request)
        identity = request.path_params["feedback"]
        known = await self._known(project, identity)
        gone = {key: value for key, value in known.items() if key not in _CONTENT} | {"value": WITHDRAWN}
        await self._keep(request, project, "langsmith.feedback", orjson.dumps(gone))
        await asyncio.to_thread(self._desk.library.remove, project, KIND, identity)
        return answer({})

    async def _known(self, project: Project, identity: str) -> dict[str, Any]:
        document = await asyncio.to_thread(self._desk.library.get, project, KIND, identity)
        if document is None:
            raise Missing("There is no such feedback.")
        return dict(document.value)

    async def _put(self, request: Request, project: Project, given: dict[str, Any]) -> Response:
        await asyncio.to_thread(remember, self._desk, project, given)
        await self._keep(request, project, "langsmith.feedback", orjson.dumps(given))
        return answer(given)

    async def _keep(self, request: Request, project: Project, signal: str, body: bytes, media: str = "") -> None:
        delivery = Delivery(project=project, signal=signal, media=media, body=body, user_agent=agent_of(request))
        await keep(self._desk, delivery)


def object_of(body: bytes) -> dict[str, Any] | None:
    """The JSON object that a body is, if it is one."""
    try:
        value = parsed(body)
    except Rejected:
        return None
    return value if isinstance(value, dict) else None
