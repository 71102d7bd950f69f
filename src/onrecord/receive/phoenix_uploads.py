"""Examples of a data set as Phoenix's clients upload them: JSON lists beside each other, or a table in a form.

Source: ``_upload_json_dataset`` and ``_upload_tabular_dataset`` of arize-phoenix-client 3.5.0.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

import msgspec

from onrecord.errors import Rejected
from onrecord.limits import BODY_BYTES, DATASET_EXAMPLES, ID_BYTES
from onrecord.receive import body
from onrecord.receive.multipart import Broken, boundary_of, parts

_GZIP: Final = b"\x1f\x8b"


class Example(msgspec.Struct, frozen=True, kw_only=True):
    """One example as it is uploaded."""

    input: dict[str, Any]
    output: dict[str, Any] = {}
    metadata: dict[str, Any] = {}
    splits: tuple[str, ...] = ()
    span_id: str = ""
    id: str = ""
    """The client's own id: the same id again is the same example, changed."""


class Upload(msgspec.Struct, frozen=True, kw_only=True):
    """Examples for a data set. ``update``: it is to hold these and no others; else they are added."""

    name: str
    action: Literal["create", "update", "append"]
    description: str | None = None
    examples: tuple[Example, ...]


class _Lists(msgspec.Struct, frozen=True):
    name: str
    inputs: list[dict[str, Any]]
    action: Literal["create", "update", "append"] = "create"
    outputs: list[dict[str, Any]] = []
    metadata: list[dict[str, Any]] = []
    splits: list[str | list[str] | None] = []
    span_ids: list[str | None] = []
    example_ids: list[str | None] = []
    description: str | None = None


_lists: Final = msgspec.json.Decoder(_Lists).decode


def decode_upload(plain: bytes, content_type: str) -> Upload:
    """The examples in a body of ``application/json`` or ``multipart/form-data``.

    Raises:
        Rejected: 422, it is no upload; 413, there are too many examples. The sentence holds no byte of it.
    """
    found = _of_form(plain, content_type) if content_type.startswith("multipart/") else _of_lists(plain)
    if not found.name.strip() or len(found.name.encode()) > ID_BYTES:
        raise Rejected(f"A dataset has a name of at most {ID_BYTES} bytes.", status=422)
    if len(found.examples) > DATASET_EXAMPLES:
        raise Rejected(f"A dataset has more than {DATASET_EXAMPLES} examples.", status=413)
    return found


def _of_lists(plain: bytes) -> Upload:
    try:
        sent = _lists(plain)
    except msgspec.ValidationError as error:
        place = str(error).partition(" - at `$")[2].rstrip("`").lstrip(".")
        raise Rejected(f"The upload is not as it must be: {place or 'a field is missing'}.", status=422) from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Rejected("The body is no JSON.", status=422) from None
    count = len(sent.inputs)
    for name in ("outputs", "metadata", "splits", "span_ids", "example_ids"):
        if getattr(sent, name) and len(getattr(sent, name)) != count:
            raise Rejected(f"There are not as many {name} as inputs.", status=422)
    examples = [
        Example(
            input=sent.inputs[at],
            output=_at(sent.outputs, at) or {},
            metadata=_at(sent.metadata, at) or {},
            splits=_splits(_at(sent.splits, at)),
            span_id=_at(sent.span_ids, at) or "",
            id=_at(sent.example_ids, at) or "",
        )
        for at in range(count)
    ]
    return Upload(name=sent.name, action=sent.action, description=sent.description, examples=tuple(examples))


def _at(values: Sequence[Any], at: int) -> Any:
    return values[at] if values else None


def _splits(said: str | list[str] | None) -> tuple[str, ...]:
    named = [said] if isinstance(said, str) else said or []
    return tuple(one for one in named if one)


def _of_form(plain: bytes, content_type: str) -> Upload:
    fields: dict[str, list[str]] = {}
    table = b""
    try:
        for part in parts(plain, boundary_of(content_type)):
            if part.name == "file":
                table = part.body
            else:
                fields.setdefault(part.name, []).append(part.body.decode())
    except (Broken, UnicodeDecodeError):
        raise Rejected("The form can not be read.", status=422) from None
    if table.startswith(_GZIP):
        table = body.decompress(table, "gzip", BODY_BYTES)
    action = fields.get("action", ["create"])[0]
    if action not in ("create", "update", "append"):
        raise Rejected("The action is create, update or append.", status=422)
    return Upload(
        name=fields.get("name", [""])[0],
        action=action,  # type: ignore[arg-type]  # one of the three, as was just seen
        description=fields.get("description", [""])[0] or None,
        examples=tuple(_rows(table, fields)),
    )


def _rows(table: bytes, fields: Mapping[str, list[str]]) -> list[Example]:
    """The examples that the rows of a table are; ``fields`` say which columns are what."""
    try:
        rows = list(csv.DictReader(io.StringIO(table.decode("utf-8-sig"), newline=""), strict=True))
    except (csv.Error, UnicodeDecodeError):
        raise Rejected("The file is no table of comma-separated values.", status=422) from None

    def several(row: Mapping[str, str], name: str) -> dict[str, Any]:
        return {key: row.get(key) for key in fields.get(f"{name}_keys[]", [])}

    def single(row: Mapping[str, str], name: str) -> str:
        return row.get(fields.get(f"{name}_key", [""])[0]) or ""

    return [
        Example(
            input=several(row, "input"),
            output=several(row, "output"),
            metadata=several(row, "metadata"),
            splits=_splits([single(row, "split"), *map(str, several(row, "split").values())]),
            span_id=single(row, "span_id"),
            id=single(row, "example_id"),
        )
        for row in rows
    ]
