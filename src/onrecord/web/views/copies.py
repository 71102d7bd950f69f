"""A step or a trace to take along: as JSON, curl, Markdown or Python, and a whole trace as one HTML file.

What is taken along is pseudonymised. Only the file can hold exact content: for a purpose, in one recorded read.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec
from markupsafe import Markup
from starlette.responses import Response

from onrecord.errors import Missing, Rejected
from onrecord.model.access import Level
from onrecord.model.record import Place
from onrecord.model.span import Span
from onrecord.query.compare import text_of_message
from onrecord.query.content import TraceContent
from onrecord.query.results import SpanDetail
from onrecord.web.content import View, blocks
from onrecord.web.render import HEADERS, environment, static_files
from onrecord.web.visit import Visit, frame

FORMS: Final = ("json", "curl", "markdown", "python")
_INERT: Final = {**HEADERS, "content-security-policy": "default-src 'none'; sandbox"}
_ROLES: Final = ("system", "developer", "user", "assistant", "tool")


def copy(visit: Visit) -> Response:
    """``/traces/{trace}/copy?as=json&s=STEP``: one step as plain text."""
    form = visit.asked("as")
    if form not in FORMS:
        raise Rejected(f"A step is copied as one of {', '.join(FORMS)}.")
    trace_id = visit.request.path_params["trace"]
    detail = visit.site.engine.span(visit.access, visit.project.id, trace_id, visit.asked("s"))
    server = str(frame(visit.request, visit.site)["server"])
    written = {"json": as_json, "curl": _curl(server), "markdown": as_markdown, "python": _python(server)}[form](detail)
    return Response(written.encode("utf-8", "replace"), media_type="text/plain; charset=utf-8", headers=_INERT)


def as_json(detail: SpanDetail) -> str:
    """The step as the API gives it."""
    return msgspec.json.format(msgspec.json.encode(detail), indent=2).decode("utf-8", "replace")


def as_markdown(detail: SpanDetail) -> str:
    """The step as a note for people: what it is, what it was told, what it said."""
    row, span = detail.row, detail.content
    facts = (row.kind, row.model_served or row.model_requested, _took(row.duration_ms), row.error_type)
    lines = [f"## {_one_line(row.name) or 'unnamed'}", "", " · ".join(_one_line(fact) for fact in facts if fact), ""]
    if span is None:
        lines.append(f"Content: {detail.state}.")
    for message in (*span.input, *span.output) if span is not None else ():
        lines += [f"**{_one_line(message.role) or 'unknown'}**", "", _fenced(text_of_message(message)), ""]
    if span is not None and span.tool is not None:
        called = msgspec.json.encode({"arguments": span.tool.arguments, "result": span.tool.result})
        lines += [_fenced(msgspec.json.format(called, indent=2).decode("utf-8", "replace")), ""]
    lines.append(f"Trace `{row.trace_id}`, step `{row.span_id}`, ledger entry #{row.index} of {row.shard}.")
    return "\n".join(lines) + "\n"


def as_python(span: Span) -> str:
    """The model call again, as a script for the client of OpenAI, which most providers speak."""
    messages = [
        {"role": one.role if one.role in _ROLES else "user", "content": text_of_message(one)} for one in span.input
    ]
    given = {"model": span.model_requested or span.model_served or "MODEL", "messages": messages, **_plain(span)}
    body = ",\n".join(f"    {name}={value!r}" for name, value in given.items() if name.isidentifier())
    return (
        "# The call that was recorded, with pseudonyms in place of people. pip install openai\n"
        f"from openai import OpenAI\n\nanswer = OpenAI().chat.completions.create(\n{body},\n)\n"
        "print(answer.choices[0].message)\n"
    )


def export(visit: Visit) -> Response:
    """``/traces/{trace}/export``: the whole trace as one file. A posted form asks for exact content, with a purpose."""
    level, purpose = Level.PSEUDONYMISED, ""
    access = visit.access
    if visit.request.method == "POST":
        purpose = visit.form.get("purpose", "").strip()[:500]
        level = Level.EXACT
        access = visit.caller.access(visit.project.id, level=level, purpose=purpose)
    found = visit.site.engine.trace_content(access, visit.project.id, visit.request.path_params["trace"], level)
    if not found.tree.nodes:
        raise Missing("There is no such trace.")
    name = f"trace-{re.sub(r'[^0-9A-Za-z]', '', found.tree.trace.trace_id)[:32] or 'unnamed'}.html"
    headers = {**_INERT, "content-disposition": f'attachment; filename="{name}"'}
    text = environment().get_template("export.html").render(_file(visit, found, purpose))
    return Response(text.encode("utf-8", "replace"), media_type="text/html; charset=utf-8", headers=headers)


def _file(visit: Visit, found: TraceContent, purpose: str) -> dict[str, Any]:
    root = found.tree.trace
    proof = visit.site.engine.proof(visit.access, visit.project.id, Place(root.shard, root.index))
    sheets = "".join(static_files()[f"css/{name}.css"].decode() for name in ("tokens", "file"))
    look = View(exact=found.level is Level.EXACT)
    steps = [(node, detail, *_sides(detail, look)) for node, detail in zip(found.tree.nodes, found.steps, strict=False)]
    return {
        **frame(visit.request, visit.site),
        "link": visit.link,
        "style": Markup("<style>{}</style>").format(Markup(sheets)),  # noqa: S704 - our own file
        "found": found,
        "steps": steps,
        "exact": found.level is Level.EXACT,
        "purpose": purpose,
        "proof": proof,
        "project": visit.project,
        "caller": visit.caller,
        "terms": (),
        "here": f"/traces/{root.trace_id}",
    }


def _sides(detail: SpanDetail, look: View) -> tuple[Any, Any, int]:
    """New messages, answers, and how many earlier ones stand with an earlier step."""
    if detail.content is None:
        return (), (), 0
    first = detail.new_from
    return (
        blocks(detail.content.input[first:], "input", look, first),
        blocks(detail.content.output, "output", look),
        first,
    )


def _curl(server: str) -> Any:
    def written(detail: SpanDetail) -> str:
        return f"curl -H 'x-api-key: YOUR_KEY' '{_address(server, detail)}'\n"

    return written


def _python(server: str) -> Any:
    def written(detail: SpanDetail) -> str:
        if detail.content is not None and detail.row.kind == "llm" and detail.content.input:
            return as_python(detail.content)
        return (
            "import json\nfrom urllib.request import Request, urlopen\n\n"
            f"asked = Request({_address(server, detail)!r}, headers={{'x-api-key': 'YOUR_KEY'}})\n"
            "step = json.load(urlopen(asked))\nprint(step['row']['name'], step['state'])\n"
        )

    return written


def _address(server: str, detail: SpanDetail) -> str:
    ids = (re.sub(r"[^\w.~-]", lambda found: f"%{ord(found[0]):02X}", one, flags=re.ASCII)
           for one in (detail.row.trace_id, detail.row.span_id))  # fmt: skip
    return "{}/api/v1/traces/{}/spans/{}".format(server, *ids)


def _plain(span: Span) -> Mapping[str, Any]:
    return {name: value for name, value in span.parameters.items() if isinstance(value, str | int | float | bool)}


def _took(ms: float | None) -> str:
    return "" if ms is None else f"{ms:,.0f} ms"


def _one_line(text: str) -> str:
    return " ".join(text.split())[:200].replace("`", "'")


def _fenced(text: str) -> str:
    """Text in a fence that is longer than any in it, so that nothing of it is read as Markdown."""
    longest = max((len(run) for run in re.findall(r"`{3,}", text)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}\n{text}\n{fence}"
