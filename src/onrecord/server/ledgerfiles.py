"""The ledgers' files, read-only, for anybody who wants to check them without us.

They are public by nature: commitments and times, no content, no client id. A project's ledger is found only by its
random id. Only names of the C2SP tlog-tiles layout are served, so that nothing else in the directory ever is; tiles
never change once written, a checkpoint always may.
"""

import re
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route

_ORIGIN: Final = r"(?:[A-Za-z0-9][A-Za-z0-9._-]*/)+"
_TILE: Final = re.compile(rf"{_ORIGIN}tile/(?:[0-9]+|entries)/(?:x[0-9]{{3}}/)*[0-9]{{3}}(?:\.p/[0-9]{{1,3}})?")
_TEXT: Final = re.compile(rf"{_ORIGIN}(?:checkpoint|vkey)")
_MANIFEST: Final = re.compile(rf"{_ORIGIN}manifest/[0-9a-f]{{64}}")
_FOR_EVER: Final = "public, max-age=31536000, immutable"


def routes(directory: Path) -> list[Route]:
    """``/ledger/<origin>/checkpoint`` and ``/ledger/<origin>/tile/...``."""

    def answer(request: Request) -> Response:
        name = request.path_params["name"]
        if _TILE.fullmatch(name) or _MANIFEST.fullmatch(name):
            return _file(directory / name, "application/octet-stream", _FOR_EVER)
        if _TEXT.fullmatch(name):
            return _file(directory / name, "text/plain; charset=utf-8", "no-cache")
        return _nothing()

    return [Route("/ledger/{name:path}", answer, methods=["GET"])]


def _file(path: Path, media_type: str, caching: str) -> Response:
    if not path.is_file():
        return _nothing()
    return FileResponse(path, media_type=media_type, headers={"cache-control": caching})


def _nothing() -> Response:
    return PlainTextResponse("There is no such file in the ledgers.\n", 404)
