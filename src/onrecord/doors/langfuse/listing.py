"""Lists in the shape that Langfuse's SDKs page through, and instants as they write them."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from onrecord.control.library import Document, Library
from onrecord.doors.langfuse.call import Call
from onrecord.model.project import Project

PAGE_ITEMS = 100
"""The most on one page; Langfuse's own bound."""
_CHUNK = 1_000


def page_of(call: Call, items: Sequence[Any]) -> dict[str, Any]:
    """One page of items that are all at hand."""
    page, limit = asked_page(call)
    return paged(items[(page - 1) * limit : page * limit], page, limit, len(items))


def asked_page(call: Call, default: int = 50) -> tuple[int, int]:
    """Which page is asked for and how long it is; raises ``Rejected``."""
    return call.number("page", 1, 1_000_000), call.number("limit", default, PAGE_ITEMS)


def paged(items: Sequence[Any], page: int, limit: int, total: int) -> dict[str, Any]:
    """A page and what the SDKs need to ask for the next."""
    meta = {"page": page, "limit": limit, "totalItems": total, "totalPages": -(-total // limit)}
    return {"data": list(items), "meta": meta}


def every(library: Library, project: Project, kind: str, *, parent: str = "", name: str = "") -> Iterator[Document]:
    """Every document of a kind, in the order of making, a bounded number at a time."""
    offset = 0
    while True:
        chunk = library.every(project, kind, parent=parent, name=name, offset=offset, limit=_CHUNK)
        yield from chunk
        if len(chunk) < _CHUNK:
            return
        offset += _CHUNK


def iso(microseconds: int) -> str:
    """An instant as Langfuse writes it: UTC, milliseconds."""
    text = datetime.fromtimestamp(microseconds / 1_000_000, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def texts(value: Any) -> list[str]:
    """A list of texts; whatever else was sent is none."""
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []
