"""A medium of a step, posted with its purpose: a picture of a plain kind is shown, everything else is a download.

Whoever sent the bytes is not trusted, nor is what they say that it is. Only kinds that a browser draws and never runs
are shown, and only when the bytes begin as that kind does; SVG and HTML are downloads like all the others. The answer
is a document of an origin of its own (``sandbox``) that may load nothing.
"""

from collections.abc import Mapping
from typing import Final

from starlette.responses import Response

from onrecord.model.access import Level
from onrecord.model.media import Media
from onrecord.web.render import HEADERS
from onrecord.web.visit import Visit, integer

INLINE: Final[Mapping[str, tuple[bytes, ...]]] = {
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/gif": (b"GIF87a", b"GIF89a"),
    "image/webp": (b"RIFF",),
}
"""Kinds that are shown, and how their bytes begin (WHATWG MIME Sniffing, 6.1)."""
_POLICY: Final = "sandbox; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
"""The browser's own picture page is styled inline; nothing of the sender is a page."""


def medium(visit: Visit) -> Response:
    """The bytes: the engine records the read before it answers."""
    parts = visit.request.path_params
    purpose = visit.form.get("purpose", "").strip()[:500]
    access = visit.caller.access(visit.project.id, level=Level.EXACT, purpose=purpose)
    number = integer(parts["number"], "number of the medium", 1_000)
    found = visit.site.engine.step_medium(access, visit.project.id, (parts["trace"], visit.asked("s")), number)
    return answer_with(found, number)


def answer_with(found: Media, number: int) -> Response:
    """The response for a medium."""
    shown = found.data.startswith(INLINE.get(found.media_type.partition(";")[0].strip().lower(), ()))
    how = "inline" if shown else f'attachment; filename="medium-{number}"'
    media_type = found.media_type.partition(";")[0].strip().lower() if shown else "application/octet-stream"
    headers = {**HEADERS, "content-security-policy": _POLICY, "content-disposition": how}
    return Response(found.data, media_type=media_type, headers=headers)
