"""Every address at which a client of Phoenix knocks, but for ``/v1/traces``: that is OTLP, and one for all."""

from typing import Final
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from onrecord.doors.phoenix import annotations, datasets, experiments, projects, prompts, spans, traces
from onrecord.doors.phoenix.answer import HEADERS, VERSION, route, unsupported
from onrecord.doors.port import Desk

_ELSEWHERE: Final = {
    "annotation_configs": "Annotations need no configuration here: send them.",
}
_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")


def routes(desk: Desk) -> list[Route]:
    """The addresses, in the order of use."""
    return [
        *annotations.routes(desk),
        *spans.routes(desk),
        *traces.routes(desk),
        *projects.routes(desk),
        *datasets.routes(desk),
        *experiments.routes(desk),
        *prompts.routes(desk),
        Route("/arize_phoenix_version", _version, methods=["GET"]),
        Route("/redirects/traces/{trace}", _trace, methods=["GET"]),
        Route("/redirects/sessions/{session}", _session, methods=["GET"]),
        *(
            route(desk, f"/v1/{noun}{rest}", method, unsupported(sentence))
            for noun, sentence in _ELSEWHERE.items()
            for rest in ("", "/{rest:path}")
            for method in _METHODS
        ),
    ]


async def _version(request: Request) -> Response:  # noqa: ARG001 - an endpoint takes a request
    return PlainTextResponse(VERSION, headers=HEADERS)


async def _trace(request: Request) -> Response:
    return RedirectResponse(f"/traces/{quote(request.path_params['trace'], safe='')}", status_code=307, headers=HEADERS)


async def _session(request: Request) -> Response:
    return RedirectResponse(
        f"/sessions/{quote(request.path_params['session'], safe='')}", status_code=307, headers=HEADERS
    )
