"""Routes that are made later answer as if they had stood there from the start."""

import asyncio
import subprocess
import sys
from collections.abc import Sequence

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import BaseRoute, Match, NoMatchFound, Route, Router

from onrecord.server.later import LaterRoutes


async def _answer(request: Request) -> PlainTextResponse:
    return PlainTextResponse(f"{request.scope['route'].path} {request.path_params.get('name', '')}")


class Maker:
    """Counts how often routes are made."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> Sequence[BaseRoute]:
        self.times += 1
        return [
            Route("/page", _answer, methods=["GET"]),
            Route("/page/{name}", _answer, methods=["GET"]),
            Route("/page/{name}", _answer, methods=["POST"]),
        ]


def ask(router: Router, method: str, path: str) -> httpx.Response:
    async def request() -> httpx.Response:
        transport = httpx.ASGITransport(app=router)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.request(method, path)

    return asyncio.run(request())


def test_a_route_before_them_does_not_make_them_and_what_it_leaves_makes_them_once() -> None:
    make = Maker()
    router = Router([Route("/health", _answer), LaterRoutes(make)])
    assert ask(router, "GET", "/health").text == "/health "
    assert make.times == 0
    assert ask(router, "GET", "/page").text == "/page "
    assert ask(router, "GET", "/page/one").text == "/page/{name} one"
    assert make.times == 1


def test_methods_and_unknown_paths_are_told_apart_as_ever() -> None:
    router = Router([LaterRoutes(Maker())])
    assert ask(router, "POST", "/page/one").status_code == 200
    assert ask(router, "DELETE", "/page").status_code == 405
    assert ask(router, "GET", "/nothing").status_code == 404


def test_the_start_makes_them_beside() -> None:
    make = Maker()
    later = LaterRoutes(make)
    later.start()
    assert len(later.routes()) == 3
    assert make.times == 1
    assert later.matches({"type": "http", "path": "/page", "method": "GET"})[0] is Match.FULL
    with pytest.raises(NoMatchFound):
        later.url_path_for("page")


def test_a_server_is_put_together_without_what_only_pages_and_terminals_need() -> None:
    code = (
        "import sys, onrecord.cli.main, onrecord.cli.serve, onrecord.server.run\n"
        "late = {'jinja2', 'markdown_it', 'prometheus_client', 'rich', 'chdb', 'clickhouse_connect'}\n"
        "print(sorted(late & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
