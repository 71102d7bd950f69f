"""Spans as a table that ``get_spans_dataframe`` makes a pandas data frame of.

Source: ``_process_span_dataframe`` of arize-phoenix-client 3.5.0: a part of ``multipart/mixed`` whose JSON is a pandas
table schema, every name behind a number and an underscore, so that two columns of one name can be told apart.
"""

import secrets
from collections.abc import Sequence
from typing import Any, Final

import msgspec
from starlette.responses import Response

from onrecord.doors.phoenix.answer import HEADERS

_INDEX: Final = "0_context.span_id"
_PLAIN: Final = ("name", "span_kind", "parent_id", "start_time", "end_time", "status_code", "status_message", "events")
_TIMES: Final = ("start_time", "end_time")
_ATTRIBUTE: Final = "attributes."


def response(spans: Sequence[dict[str, Any]]) -> Response:
    """The table of some spans as listed (``shown.span``)."""
    boundary = secrets.token_hex(16)
    body = (
        f"--{boundary}\r\nContent-Type: application/json\r\n\r\n".encode()
        + msgspec.json.encode(_table(spans))
        + f"\r\n--{boundary}--\r\n".encode()
    )
    return Response(body, 200, {**HEADERS, "content-type": f"multipart/mixed; boundary={boundary}"})


def _table(spans: Sequence[dict[str, Any]]) -> dict[str, Any]:
    names = sorted({name for one in spans for name in one["attributes"]})
    columns = [*_PLAIN, "context.span_id", "context.trace_id", *(f"{_ATTRIBUTE}{name}" for name in names)]
    fields = [{"name": _INDEX, "type": "any"}]
    fields += [
        {"name": f"{place}_{name}", "type": "datetime", "tz": "UTC"}
        if name in _TIMES
        else {"name": f"{place}_{name}", "type": "any"}
        for place, name in enumerate(columns)
    ]
    rows = [
        {_INDEX: one["context"]["span_id"]}
        | {f"{place}_{name}": _value(one, name) for place, name in enumerate(columns)}
        for one in spans
    ]
    return {"schema": {"fields": fields, "primaryKey": [_INDEX], "pandas_version": "1.4.0"}, "data": rows}


def _value(span: dict[str, Any], column: str) -> Any:
    if column.startswith(_ATTRIBUTE):
        return span["attributes"].get(column.removeprefix(_ATTRIBUTE))
    if column.startswith("context."):
        return span["context"][column.removeprefix("context.")]
    return span.get(column)
