"""One step beside its trace: messages, call, documents, attributes, scores, error, at the level that was asked for."""

from collections.abc import Iterator
from typing import Any, Final

from markupsafe import Markup
from starlette.responses import Response

from onrecord.errors import Missing
from onrecord.model.access import Level
from onrecord.model.span import Span
from onrecord.query.compare import Piece, text_of_message, words
from onrecord.query.results import ScoreRow, SpanDetail, SpanRow
from onrecord.web.content import View, arguments_line, blocks, part_text, value_markup
from onrecord.web.ink import ink
from onrecord.web.jsontree import tree
from onrecord.web.looking import looking
from onrecord.web.render import HEADERS
from onrecord.web.views.media import INLINE
from onrecord.web.visit import Visit, integer
from onrecord.web.words import utc_text

VIEWS: Final = ("transcript", "tree", "waterfall")
"""The first is shown when none is asked for."""
_EARLIER: Final = 60
"""Earlier messages that a page carries folded."""
_PLAIN: Final = (
    ("provider", "Provider"),
    ("model_requested", "Model asked for"),
    ("model_served", "Model that answered"),
    ("endpoint", "Endpoint"),
    ("response_id", "Response id"),
    ("agent", "Agent"),
    ("workflow", "Workflow"),
    ("environment", "Environment"),
    ("release", "Release"),
    ("user_id", "User"),
    ("session_id", "Session"),
    ("tenant_id", "Tenant"),
    ("status_message", "Status message"),
    ("span_id", "Span"),
    ("parent_id", "Parent"),
    ("trace_id", "Trace"),
)
_TREES: Final = (
    ("parameters", "Parameters"),
    ("metadata", "Metadata"),
    ("attributes", "Further attributes"),
    ("resource", "Resource"),
    ("cost_details", "Cost"),
    ("dropped", "Dropped by the client's SDK"),
)


def step(visit: Visit) -> Response:
    """The fragment ``/traces/{trace}/step?s=``; a page of its own only through its trace."""
    detail = visit.site.engine.span(
        visit.access, visit.project.id, visit.request.path_params["trace"], visit.asked("s")
    )
    return visit.render("part/step.html", **step_context(visit, detail))


def earlier(visit: Visit) -> Response:
    """The fragment ``/traces/{trace}/earlier?s=&upto=``: messages that were sent before, when somebody unfolds them."""
    trace_id, upto = visit.request.path_params["trace"], integer(visit.asked("upto", "0"), "message number")
    detail = visit.site.engine.span(visit.access, visit.project.id, trace_id, visit.asked("s"))
    sent = detail.content.input if detail.content is not None else ()
    first = max(0, upto - _EARLIER)
    look = View(terms=looking({"q": visit.asked("q")}, 0).terms)
    return visit.render(
        "part/earlier.html",
        detail=detail,
        before=first,
        messages=blocks(sent[first:upto], "input", look, first),
        here=f"/traces/{trace_id}",
        terms=look.terms,
        exact=False,
    )


def exact(visit: Visit) -> Response:
    """The same with exact content, posted with its purpose: the engine records the read before it answers."""
    purpose = visit.form.get("purpose", "").strip()[:500]
    access = visit.caller.access(visit.project.id, level=Level.EXACT, purpose=purpose)
    trace_id = visit.request.path_params["trace"]
    detail = visit.site.engine.span(access, visit.project.id, trace_id, visit.asked("s"), Level.EXACT)
    bare = "part/step.html" if visit.request.headers.get("hx-request") else "step_alone.html"
    return visit.render(bare, **step_context(visit, detail))


def text(visit: Visit) -> Response:
    """One text of a message in full, as plain text and nothing else."""
    trace_id = visit.request.path_params["trace"]
    detail = visit.site.engine.span(visit.access, visit.project.id, trace_id, visit.asked("s"))
    whole = part_text(detail.content, visit.asked("path")) if detail.content else None
    if whole is None:
        raise Missing("This step has no such text.", hint="Follow the link from the step again.")
    headers = {**HEADERS, "content-security-policy": "default-src 'none'; sandbox"}
    return Response(whole.encode("utf-8", "replace"), media_type="text/plain; charset=utf-8", headers=headers)


def step_context(visit: Visit, detail: SpanDetail) -> dict[str, Any]:
    """Everything that ``part/step.html`` shows."""
    content = detail.content
    is_exact = detail.level is Level.EXACT and content is not None
    terms = looking({"q": visit.asked("q")}, 0).terms
    look = View(terms=terms, markdown=visit.asked("md") == "1", exact=is_exact)
    trace_id = visit.request.path_params["trace"]
    return {
        "detail": detail,
        "content": content,
        "reading": look,
        "terms": terms,
        "exact": is_exact,
        "level": detail.level.name.lower() if content else "",
        "details": list(_details(detail.row, content)),
        "offers_exact": visit.may_read_exact and not is_exact and detail.state == "present",
        "here": f"/traces/{trace_id}",
        "within": looking(visit.request.query_params, 0).within,
        "view": visit.asked("view", VIEWS[0]),
        "answer_text": "\n".join(map(text_of_message, content.output))[:6_000] if content is not None else "",
        "media": visit.site.engine.step_media(visit.access, visit.project.id, detail),
        "inline_types": tuple(INLINE),
        "may_read_exact": visit.may_read_exact,
        "may_judge": visit.access.level >= Level.PSEUDONYMISED,
        "corrections": tuple(_corrections(detail)),
        **_messages(detail, look),
        **_tool(content, look),
    }


def _corrections(detail: SpanDetail) -> Iterator[tuple[ScoreRow, tuple[Piece, ...]]]:
    """What people say that the answer should have been, against what it was."""
    said = "\n".join(map(text_of_message, detail.content.output)) if detail.content is not None else ""
    for one in detail.scores:
        if one.name == "correction" and one.comment and one.span_id == detail.row.span_id:
            yield one, words(said, one.comment)


def _messages(detail: SpanDetail, look: View) -> dict[str, Any]:
    content, turn = detail.content, detail.new_from
    if content is None:
        return {"earlier": (), "newest": (), "output": (), "earlier_count": 0, "newest_count": 0}
    first = max(0, turn - _EARLIER)
    return {
        "earlier": blocks(content.input[first:turn], "input", look, first),
        "earlier_count": turn,
        "newest": blocks(content.input[turn:], "input", look, turn),
        "newest_count": len(content.input) - turn,
        "output": blocks(content.output, "output", look),
    }


def _tool(content: Span | None, look: View) -> dict[str, Any]:
    if content is None or content.tool is None:
        return {"tool_line": "", "tool_arguments": Markup(), "tool_result": Markup()}
    return {
        "tool_line": arguments_line(content.tool.arguments),
        "tool_arguments": value_markup(content.tool.arguments, look),
        "tool_result": value_markup(content.tool.result, look),
    }


def _details(row: SpanRow, content: Span | None) -> Iterator[tuple[str, Markup]]:
    """Names and values of everything about a step that is not a message."""
    yield "Started", Markup("{}").format(utc_text(row.start_us))
    yield "Received", Markup("{}").format(utc_text(row.received_us))
    if row.prompt_version:
        yield "Prompt version", Markup('<span class="mono">{}</span>').format(row.prompt_version)
    if content is None:
        return
    for field, label in _PLAIN:
        value = getattr(content, field)
        if value:
            text = ink(str(value)[:2_000])
            yield label, Markup('<span class="mono">{}</span>').format(text) if field.endswith("_id") else text
    for label, value in _gathered(content):
        if value:
            yield label, tree(value)
    source = content.source
    came = (source.receiver, source.dialect, source.sdk, source.sdk_version, source.language)
    if any(came):
        yield "Arrived as", ink(" · ".join(word for word in came if word)[:500])


def _gathered(content: Span) -> Iterator[tuple[str, Any]]:
    """What is shown as a tree."""
    if content.prompt:
        yield "Prompt", {"name": content.prompt.name, "version": content.prompt.version}
    yield "Tags", list(content.tags)
    for field, label in _TREES:
        yield label, getattr(content, field)
    yield "Events", [{"name": event.name, **event.attributes} for event in content.events[:200]]
    yield "Links", [{"trace": link.trace_id, "span": link.span_id} for link in content.links[:200]]
