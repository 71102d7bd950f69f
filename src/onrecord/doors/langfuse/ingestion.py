"""What Langfuse clients send: OTLP, batches of events, scores. Each answer leaves after everything is durable."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from onrecord.doors.langfuse.call import BASE, WRITE, answer, authorised, guarded
from onrecord.doors.port import Desk
from onrecord.receive.http import Receiver
from onrecord.receive.langfuse import Verdict, judge_batch, judge_scores
from onrecord.receive.port import Delivery

_FROM_ANYWHERE: Final = {
    "access-control-allow-origin": "*",
    "cross-origin-resource-policy": "cross-origin",
}
"""A page on another site may send feedback: the key is a header that only its own script can set, never a cookie."""
_PREFLIGHT: Final = {
    **_FROM_ANYWHERE,
    "access-control-allow-methods": "POST",
    "access-control-allow-headers": "authorization, content-type, x-langfuse-sdk-name, x-langfuse-sdk-version, "
    "x-langfuse-sdk-variant, x-langfuse-sdk-integration, x-langfuse-public-key",
    "access-control-max-age": "7200",
}
_Answer = Callable[[list[Verdict]], Response]


def routes(desk: Desk) -> list[BaseRoute]:
    """OTLP, the batch and the scores."""
    otlp = Receiver(
        intake=desk.intake, keyring=desk.keyring, bodies=desk.bodies, tally=desk.bodies.tally,
        prefix=f"{BASE}/otel", doors={"traces": "langfuse.traces"},
    )  # fmt: skip
    batch = _sending(desk, "batch", judge_batch, _batch_answer)
    scores = _sending(desk, "scores", judge_scores, _scores_answer)
    return [
        *otlp.routes(),
        Route(f"{BASE}/ingestion", guarded(batch), methods=["POST"]),
        Route(f"{BASE}/scores", guarded(scores), methods=["POST"]),
        Route(f"{BASE}/ingestion", _preflight, methods=["OPTIONS"]),
        Route(f"{BASE}/scores", _preflight, methods=["OPTIONS"]),
    ]


def _sending(
    desk: Desk, form: str, judge: Callable[[bytes], list[Verdict]], told: _Answer
) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        project, _ = authorised(desk, request, WRITE)
        bearer = request.headers.get("authorization", "")[:7].lower() == "bearer "
        signal = f"langfuse.feedback.{form}" if bearer else f"langfuse.{form}"
        assert project is not None
        async with desk.bodies.plain(request, signal) as plain:
            verdicts = await run_in_threadpool(judge, plain)
            future = desk.intake.submit(Delivery(project=project, signal=signal, media="json", body=plain))
            # Shielded: a request that is cancelled must not cancel what the commit thread is about to answer.
            ack = await asyncio.shield(asyncio.wrap_future(future))
        tally = desk.bodies.tally
        tally.accepted[signal] += ack.accepted - ack.duplicates
        tally.duplicates[signal] += ack.duplicates
        tally.rejected[signal] += ack.rejected
        response = told(verdicts)
        tally.requests[signal, response.status_code] += 1
        response.headers.update(_FROM_ANYWHERE)
        return response

    return endpoint


async def _preflight(request: Request) -> Response:  # noqa: ARG001 - an endpoint takes a request
    return Response(status_code=204, headers=_PREFLIGHT)


def _batch_answer(verdicts: list[Verdict]) -> Response:
    successes = [{"id": one.id, "status": 201} for one in verdicts if not one.fault]
    errors = [
        {"id": one.id, "status": 400, "message": _sentence(one), "error": "InvalidRequestError"}
        for one in verdicts
        if one.fault
    ]
    return answer({"successes": successes, "errors": errors}, 207)


def _scores_answer(verdicts: list[Verdict]) -> Response:
    """One score is answered with its id, as older clients read it, and with the words that newer ones look for."""
    errors: list[dict[str, Any]] = [{"message": _sentence(one)} for one in verdicts if one.fault]
    accepted = len(verdicts) - len(errors)
    if errors:
        status = 207 if len(verdicts) > 1 else 400
        return answer({"accepted": accepted, "rejected": len(errors), "errors": errors, **errors[0]}, status)
    return answer({"message": "Accepted", "id": verdicts[0].id if verdicts else ""}, 202)


def _sentence(verdict: Verdict) -> str:
    return verdict.fault[:1].upper() + verdict.fault[1:] + "."
