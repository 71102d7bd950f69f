"""One medium, for a purpose: exact content, so the read is a record before a byte is given."""

from starlette.responses import Response

from onrecord.errors import Missing
from onrecord.model.access import Level
from onrecord.web.media import PICTURES, part_at, safe_type
from onrecord.web.render import HEADERS
from onrecord.web.visit import Visit


def media(visit: Visit) -> Response:
    """``POST /traces/{trace}/media?s=STEP&path=input.3.0`` or ``&id=``: the bytes, sandboxed.

    Raises:
        Denied: without the right. Rejected: without a purpose. Missing: it is not kept.
    """
    trace_id = visit.request.path_params["trace"]
    purpose = visit.form.get("purpose", "").strip()[:500]
    access = visit.caller.access(visit.project.id, level=Level.EXACT, purpose=purpose)
    if visit.asked("id"):
        kept = visit.site.engine.media(access, visit.project.id, trace_id, visit.asked("id"))
        form, data = kept.media_type, kept.data
    else:
        detail = visit.site.engine.span(access, visit.project.id, trace_id, visit.asked("s"), Level.EXACT)
        part = part_at(detail.content, visit.asked("path")) if detail.content is not None else None
        form, data = (part.mime, part.data) if part is not None else ("", b"")
    if not data:
        raise Missing("There is no such medium.", hint="Its bytes were not sent, or are not kept by this project.")
    kind = safe_type(form)
    shown = "inline" if kind in PICTURES else "attachment"
    headers = {
        **HEADERS,
        "content-security-policy": "default-src 'none'; sandbox",
        "content-disposition": f'{shown}; filename="medium"',
    }
    return Response(data, media_type=kind, headers=headers)
