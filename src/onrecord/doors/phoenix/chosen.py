"""The query strings of Phoenix's lists, in the words of our filters; what is not understood is refused."""

from typing import Final

from starlette.requests import Request

from onrecord.doors.phoenix.projects import name_of
from onrecord.errors import Rejected
from onrecord.query.filters import EVERYTHING, Filter, everything_of, from_parameters
from onrecord.query.syntax import Compare, Exists, Not

_PAGING: Final = ("limit", "cursor")
_SPANS: Final = {
    "start_time": "start__gte",
    "end_time": "start__lt",
    "trace_id": "trace",
    "span_id": "span",
    "name": "name",
    "span_kind": "kind",
    "status_code": "status",
}
_TRACES: Final = {"start_time": "start__gte", "end_time": "start__lt", "session_identifier": "session"}
_LOWER: Final = ("span_kind", "status_code")
_KINDS: Final = {"unknown": "span"}
_ATTRIBUTES: Final = {
    "user.id": "user",
    "session.id": "session",
    "llm.model_name": "model",
    "llm.provider": "provider",
    "agent.name": "agent",
    "tool.name": "tool",
    "openinference.span.kind": "kind",
}
"""Attributes that are a field here; any other is looked for under its own name."""


def spans(request: Request) -> Filter:
    """Which spans ``GET /v1/projects/{project}/spans`` asks for; raises ``Rejected`` (422)."""
    pairs, parts = [_project(request)], []
    for name, value in request.query_params.multi_items():
        if name in _SPANS:
            pairs.append((_SPANS[name], _word(name, value)))
        elif name == "parent_id":
            parts.append(_parent(value))
        elif name == "attribute":
            parts.append(_attribute(value))
        elif name not in _PAGING:
            raise _not_understood(name)
    return everything_of([_filter(pairs), *parts])


def traces(request: Request) -> Filter:
    """Which traces ``GET /v1/projects/{project}/traces`` asks for; raises ``Rejected`` (422)."""
    pairs = [_project(request)]
    for name, value in request.query_params.multi_items():
        if name in _TRACES:
            pairs.append((_TRACES[name], value))
        elif (name == "sort" and value == "start_time") or (name == "order" and value == "desc"):
            continue
        elif name not in (*_PAGING, "include_spans"):
            raise _not_understood(name)
    return _filter(pairs)


def project(request: Request) -> Filter:
    """Everything of the project in the path."""
    return _filter([_project(request)])


def _project(request: Request) -> tuple[str, str]:
    return "application", name_of(request.path_params["project"])


def _filter(pairs: list[tuple[str, str]]) -> Filter:
    try:
        return from_parameters(pairs)
    except Rejected as error:
        raise Rejected(error.message, hint=error.hint, status=422) from None


def _word(name: str, value: str) -> str:
    word = value.lower() if name in _LOWER else value
    return _KINDS.get(word, word) if name == "span_kind" else word


def _parent(value: str) -> Filter:
    return Not(Exists("parent")) if value == "null" else Compare("parent", "=", value)


def _attribute(text: str) -> Filter:
    name, colon, value = text.partition(":")
    if not colon:
        raise Rejected("The parameter 'attribute' is 'name:value'.", status=422)
    value = value[1:-1] if len(value) > 1 and value[0] == value[-1] == '"' else value
    field = _ATTRIBUTES.get(name) or (name if name.startswith("metadata.") else f"attributes.{name}")
    return _filter([(field, value.lower() if field == "kind" else value)]) if value else EVERYTHING


def _not_understood(name: str) -> Rejected:
    shown = f"'{name}'" if name.isidentifier() and len(name) < 32 else "of that name"  # noqa: PLR2004 - no name of theirs is longer
    return Rejected(f"The parameter {shown} is not supported here with this value.", status=422)
