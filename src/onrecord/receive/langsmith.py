"""Bodies of LangSmith's clients, taken apart: runs as they were posted and patched, feedback, attachments.

Source: langsmith 0.15.0 (Python) and 0.12.0 (JavaScript), ``client.py`` and ``_internal/_operations.py``. A client
drops for ever what is answered with an error, so nothing here refuses a whole body: what can not be read is a fault,
and everything else is kept.

A run is told in pieces: ``post`` when it starts, ``patch`` when it ends, and its large fields in parts of their own.
Pieces that come in one body are put together here; those that come later are merged with the span.
"""

from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any, Final

import msgspec
import orjson

from onrecord import limits
from onrecord.receive.decoded import Fault
from onrecord.receive.multipart import Broken, Part, boundary_of, parts

POST, PATCH, FEEDBACK, ATTACHMENT = "post", "patch", "feedback", "attachment"
_PARTS: Final = 8 * limits.SPANS_PER_REQUEST
"""Parts of one body: a run comes in at most eight of them."""
_TARGETS: Final = ("run_id", "trace_id", "session_id", "project_id")
"""What a feedback may be about."""
_WRITABLE: Final = 200
"""Levels of nesting that can be written as JSON again; what is read may have a thousand."""
_PIECES: Final = frozenset({"id", "inputs", "outputs", "events", "error", "attachments"})
"""Fields that come in parts of their own and say nothing without their run."""


class Run(msgspec.Struct, frozen=True, gc=False):
    """What one body says of a run."""

    values: dict[str, Any]
    digest: bytes
    is_patch: bool = False
    """It says how the run went on, not that it began."""


class Feedback(msgspec.Struct, frozen=True, gc=False):
    """A judgement of a run."""

    values: dict[str, Any]
    digest: bytes


Pieces = tuple[list[Run | Feedback], list[Fault]]


class _Gathering:
    """The runs of one body while its parts come in."""

    def __init__(self) -> None:
        self.runs: dict[str, dict[str, Any]] = {}
        self.digests: dict[str, bytes] = {}
        self.posted: set[str] = set()
        self.feedback: list[Feedback] = []
        self.faults: list[Fault] = []

    def add(self, word: str, identity: str, values: Mapping[str, Any], raw: bytes, *, whole: bool = True) -> None:
        """Add what a piece says of a run; what says nothing overwrites nothing. ``whole``: it is the run itself."""
        run = self.runs.setdefault(identity, {})
        for key, value in values.items():
            run[key] = (_united if key == "extra" else _joined)(run.get(key), value)
        self.digests[identity] = sha256(self.digests.get(identity, b"") + word.encode() + raw).digest()
        if whole and word == POST:
            self.posted.add(identity)

    def pieces(self) -> Pieces:
        """Everything that was told, runs in the order of their first piece."""
        runs: list[Run | Feedback] = []
        for identity, values in self.runs.items():
            if identity not in self.posted and not values.keys() - _PIECES:
                self.fault("a run of which only fields came, without the run itself", orjson.dumps(values))
                continue
            values["id"] = identity
            runs.append(Run(values, self.digests[identity], identity not in self.posted))
        return [*runs, *self.feedback], self.faults

    def fault(self, reason: str, raw: bytes) -> None:
        """Note a piece that can not be kept as a record."""
        self.faults.append(Fault(reason, raw))


def decode_multipart(body: bytes, media: str) -> Pieces:
    """``POST /runs/multipart``; ``media`` is the request's ``Content-Type``."""
    told = _Gathering()
    try:
        for number, part in enumerate(parts(body, boundary_of(media))):
            if number >= _PARTS:
                told.fault(f"more than {_PARTS} parts in one body", part.body)
                break
            _add_part(told, part)
    except Broken as broken:
        told.fault(f"not multipart: {broken.what}", body[broken.start :])
    return told.pieces()


def _add_part(told: _Gathering, part: Part) -> None:
    word, _, rest = part.name.partition(".")
    identity, _, field = rest.partition(".")
    if word not in (POST, PATCH, FEEDBACK, ATTACHMENT) or not identity:
        told.fault("a part whose name is none that runs, feedback or attachments have", part.body)
        return
    if word == ATTACHMENT:
        _add_attachment(told, identity, field, part)
        return
    value = _value(part.body)
    if isinstance(value, Fault):
        told.faults.append(value)
    elif word == FEEDBACK:
        _add_feedback(told, value, part.body)
    elif field:
        told.add(word, identity, {field: value}, part.body, whole=False)
    elif isinstance(value, dict):
        told.add(word, identity, value, part.body)
    else:
        told.fault("a run that is no JSON object", part.body)


def _add_feedback(told: _Gathering, value: Any, raw: bytes) -> None:
    if not isinstance(value, dict):
        told.fault("feedback that is no JSON object", raw)
    elif not any(value.get(name) for name in _TARGETS):
        told.fault("feedback that is about no run and no project", raw)
    else:
        told.feedback.append(Feedback(value, sha256(raw).digest()))


def _add_attachment(told: _Gathering, identity: str, name: str, part: Part) -> None:
    """What a run says of an attachment; its bytes are kept as media, before the run is."""
    run = told.runs.setdefault(identity, {})
    about = {"name": name, "media_type": _bare(part.media), "size": len(part.body), "id": media_id(identity, name)}
    run.setdefault("attachments", []).append(about)
    told.digests[identity] = sha256(told.digests.get(identity, b"") + orjson.dumps(about)).digest()


def media_id(run: str, name: str) -> str:
    """The id under which an attachment of a run is kept."""
    return f"{run}.{name}"


class Attachment(msgspec.Struct, frozen=True, gc=False):
    """An attachment of a run, with its bytes."""

    run: str
    trace: str
    """Empty when the run itself is not in the same body."""
    name: str
    media_type: str
    data: bytes


def attachments(body: bytes, media: str) -> list[Attachment]:
    """Every attachment in a multipart body that can be taken apart."""
    found: list[Attachment] = []
    traces: dict[str, str] = {}
    for word, identity, field, part in _named(body, media):
        if word == ATTACHMENT:
            found.append(Attachment(identity, "", field, _bare(part.media), part.body))
        elif word in (POST, PATCH) and not field:
            run = _value(part.body)
            trace = run.get("trace_id") if isinstance(run, dict) else None
            traces[identity] = trace if isinstance(trace, str) else ""
    return [msgspec.structs.replace(one, trace=traces.get(one.run, "")) for one in found]


def feedback_in(body: bytes, media: str) -> list[dict[str, Any]]:
    """Every feedback in a multipart body that can be taken apart."""
    values = [_value(part.body) for word, _, _, part in _named(body, media) if word == FEEDBACK]
    return [value for value in values if isinstance(value, dict)]


def _named(body: bytes, media: str) -> Iterator[tuple[str, str, str, Part]]:
    """Word, id and field of every part, as far as the body can be taken apart."""
    try:
        for part in parts(body, boundary_of(media)):
            word, _, rest = part.name.partition(".")
            identity, _, field = rest.partition(".")
            yield word, identity, field, part
    except Broken:
        return


def _bare(media: str) -> str:
    """A media type without its parameters."""
    return media.partition(";")[0].strip()


def decode_batch(body: bytes, _: str) -> Pieces:
    """``POST /runs/batch``: ``{"post": [...], "patch": [...]}``."""
    told = _Gathering()
    batch = _parsed(body)
    if isinstance(batch, Fault):
        return [], [batch]
    if not isinstance(batch, dict):
        return [], [Fault("a batch that is no JSON object", body)]
    for word in (POST, PATCH):
        runs = batch.get(word) or []
        for run in runs if isinstance(runs, list) else [runs]:
            if _is_deeper(run, _WRITABLE):
                told.fault("a run that nests too deep", body)
                continue
            _add_run(told, word, _shallow(run) if isinstance(run, dict) else run)
    return told.pieces()


def decode_run(body: bytes, media: str) -> Pieces:
    """``POST /runs`` and ``PATCH /runs/{id}``; ``media`` is ``post`` or ``patch``, id and trace, a line each."""
    told = _Gathering()
    run = _value(body)
    if isinstance(run, Fault):
        return [], [run]
    word, *known = media.split("\n")
    if isinstance(run, dict):
        for name, value in zip(("id", "trace_id"), known, strict=False):
            run[name] = run.get(name) or value
    _add_run(told, word, run)
    return told.pieces()


def _add_run(told: _Gathering, word: str, run: Any) -> None:
    raw = orjson.dumps(run, option=orjson.OPT_SORT_KEYS)
    identity = run.get("id") if isinstance(run, dict) else None
    if isinstance(identity, str) and identity:
        told.add(word, identity, run, raw)
    else:
        told.fault("a run without an id", raw)


def decode_feedback(body: bytes, _: str) -> Pieces:
    """``POST /feedback``: one judgement."""
    told = _Gathering()
    value = _value(body)
    if isinstance(value, Fault):
        return [], [value]
    _add_feedback(told, value, body)
    return told.pieces()


def decode_unreadable(body: bytes, media: str) -> Pieces:
    """A body that was not even decompressed; ``media`` says why."""
    return [], [Fault(media, body)]


def _value(raw: bytes) -> Any:
    """The JSON value of a part, a ``Fault`` when it is none. What nests too deep in it stays the text that it is."""
    value = _parsed(raw)
    if raw.count(b"{") + raw.count(b"[") <= limits.ATTRIBUTE_DEPTH:
        return value
    if _is_deeper(value, _WRITABLE):
        return Fault("a part that nests too deep", raw)
    return _shallow(value) if isinstance(value, dict) else _flat(value)


def _parsed(raw: bytes) -> Any:
    try:
        return orjson.loads(raw)
    except ValueError:
        return Fault("a part that is not JSON", raw)


def _shallow(run: dict[str, Any]) -> dict[str, Any]:
    """A map of which no value nests too deep."""
    return {key: _flat(value) for key, value in run.items()}


def _flat(value: Any) -> Any:
    return orjson.dumps(value).decode() if _is_deeper(value, limits.ATTRIBUTE_DEPTH) else value


def _is_deeper(value: Any, depth: int) -> bool:
    """Whether a value nests more than ``depth`` levels, level by level, so that no input exhausts the stack."""
    level = [value]
    for _ in range(depth + 1):
        level = [
            item
            for outer in level
            if isinstance(outer, dict | list)
            for item in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not level:
            return False
    return True


def _joined(earlier: Any, later: Any) -> Any:
    """Of two values the later, unless it says nothing."""
    return later if earlier is None or later not in _NOTHING else earlier


def _united(earlier: Any, later: Any) -> Any:
    """Of two ``extra`` what both say, so that the metadata of a patch only adds."""
    if not isinstance(earlier, dict) or not isinstance(later, dict):
        return _joined(earlier, later)
    both = {**earlier, **later}
    return {key: _united(earlier.get(key), both[key]) for key in both}


_NOTHING: Final[tuple[Any, ...]] = (None, "", {}, [])
