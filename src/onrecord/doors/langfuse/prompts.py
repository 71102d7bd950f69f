"""Prompts over HTTP: get by name, create a version, move labels, list.

Missing is 404, so that an SDK uses its fallback.
"""

from typing import Any, Final

from starlette.responses import Response
from starlette.routing import BaseRoute

from onrecord.control.library import Document
from onrecord.doors.langfuse.call import LIBRARY, WRITE, Call, found, not_here, route
from onrecord.doors.langfuse.listing import every, iso, page_of, texts
from onrecord.doors.langfuse.promptbook import CHAT, LATEST, PRODUCTION, PROMPT, TEXT, Book, NewPrompt, resolved
from onrecord.doors.port import Desk
from onrecord.errors import Rejected
from onrecord.limits import ID_BYTES

_DEPTH: Final = 5
"""Prompts inside prompts."""


def routes(desk: Desk) -> list[BaseRoute]:
    """The routes of one book of prompts."""
    book = Book(desk.library)

    def get(call: Call) -> Any:
        return _get(call, book)

    def create(call: Call) -> Any:
        return _create(call, book)

    def relabel(call: Call) -> Any:
        return _relabel(call, book)

    def remove(call: Call) -> Any:
        return _remove(call, book)

    return [
        route(desk, "/v2/prompts/{name:path}/versions/{version:int}", WRITE, PATCH=relabel),
        route(desk, "/v2/prompts/{name:path}", LIBRARY, GET=get),
        route(desk, "/v2/prompts/{name:path}", WRITE, DELETE=remove),
        route(desk, "/v2/prompts", LIBRARY, GET=_list),
        route(desk, "/v2/prompts", WRITE, POST=create),
        route(desk, "/prompts", LIBRARY, GET=get),
        route(desk, "/prompts", WRITE, POST=create),
    ]


def _get(call: Call, book: Book) -> Any:
    name = call.request.path_params.get("name") or call.asked("name")
    version, label = call.asked("version"), call.asked("label")
    if version and not version.isdecimal():
        raise Rejected("The parameter 'version' is a number.")
    prompt = found(book.find(call.project, name, int(version) if version else None, label), "prompt")
    whole = prompt.value["prompt"]
    if call.asked("resolve") != "false":
        whole = resolved(whole, lambda *wanted: book.find(call.project, *wanted), _DEPTH)
    return _shown(call, book, prompt, whole)


def _create(call: Call, book: Book) -> Any:
    body = call.body()
    name, type_, prompt = body.get("name"), body.get("type") or TEXT, body.get("prompt")
    if not isinstance(name, str) or not name or len(name.encode()) > ID_BYTES:
        raise Rejected(f"A prompt has a 'name' of at most {ID_BYTES} bytes.")
    if type_ not in (TEXT, CHAT) or not isinstance(prompt, str if type_ == TEXT else list):
        raise Rejected("A prompt is a text, or a list of messages with type 'chat'.")
    labels = texts(body.get("labels")) + ([PRODUCTION] if body.get("isActive") else [])
    tags = body.get("tags")
    new = NewPrompt(
        name=name, type=type_, prompt=prompt, config=body.get("config") or {}, labels=labels,
        tags=texts(tags) if isinstance(tags, list) else None, message=str(body.get("commitMessage") or ""),
    )  # fmt: skip
    kept = book.add(call.project, new, lambda what: call.note("prompt", what, f"prompt {name}"))
    return _shown(call, book, kept, kept.value["prompt"])


def _relabel(call: Call, book: Book) -> Any:
    name, labels = call.path("name"), call.body().get("newLabels")
    if not isinstance(labels, list) or LATEST in labels:
        raise Rejected("'newLabels' is a list of labels; 'latest' is always the newest version.")
    kept = book.label(
        call.project,
        name,
        call.path("version"),
        texts(labels),
        lambda what: call.note("prompt", what, f"prompt {name}"),
    )
    one: Document = found(kept, "prompt")
    return _shown(call, book, one, one.value["prompt"])


def _remove(call: Call, book: Book) -> Any:
    if call.asked("version") or call.asked("label"):
        return not_here(call)
    name = call.path("name")
    found(book.newest(call.project, name), "prompt")
    call.note("prompt", {"action": "remove", "name": name}, f"prompt {name}")
    call.desk.library.remove(call.project, PROMPT, name)
    return Response(status_code=204)


def _list(call: Call) -> Any:
    wanted = {name: call.asked(name) for name in ("name", "label", "tag")}
    prompts: dict[str, list[Document]] = {}
    for one in every(call.desk.library, call.project, PROMPT, name=wanted["name"]):
        prompts.setdefault(one.name, []).append(one)
    shown = []
    for name, versions in prompts.items():
        newest = max(versions, key=lambda one: one.version)
        labels = sorted({label for one in versions for label in one.value["labels"]} | {LATEST})
        tags = newest.value["tags"]
        if (wanted["label"] and wanted["label"] not in labels) or (wanted["tag"] and wanted["tag"] not in tags):
            continue
        shown.append({
            "name": name, "type": newest.value["type"], "versions": sorted(one.version for one in versions),
            "labels": labels, "tags": tags, "lastUpdatedAt": iso(newest.updated_us),
            "lastConfig": newest.value["config"],
        })  # fmt: skip
    return page_of(call, shown)


def _shown(call: Call, book: Book, one: Document, prompt: Any) -> dict[str, Any]:
    labels = list(one.value["labels"])
    newest = book.newest(call.project, one.name)
    if newest is not None and newest.version == one.version:
        labels.append(LATEST)
    return {
        "id": f"{call.project.id}-{one.version}-{one.created_us}", "createdAt": iso(one.created_us),
        "updatedAt": iso(one.updated_us), "projectId": call.project.id, "createdBy": "API", "name": one.name,
        "version": one.version, "type": one.value["type"], "prompt": prompt, "config": one.value["config"],
        "tags": one.value["tags"], "labels": labels, "isActive": PRODUCTION in labels,
        "commitMessage": one.value["message"] or None, "resolutionGraph": None,
    }  # fmt: skip
