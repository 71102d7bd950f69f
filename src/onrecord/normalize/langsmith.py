"""Runs of LangSmith: what each one says of a span.

Types of runs become kinds, ``extra.metadata`` says model, people and tokens, ``inputs`` and ``outputs`` are whatever
the traced function took and gave. A patch says less than a post and what it does not say is left unknown, so that
``merge`` finds nothing that overwrites. Source: langsmith 0.15.0 ``schemas.py``, docs/doors/langsmith.md.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from msgspec.structs import replace

from onrecord.limits import ID_BYTES
from onrecord.model.derive import BILLABLE_KINDS
from onrecord.model.otlp import OtlpContext, OtlpEvent, OtlpSpan
from onrecord.model.span import Span
from onrecord.normalize import generic
from onrecord.normalize.draft import Draft
from onrecord.normalize.langsmith_error import read_error
from onrecord.normalize.langsmith_metadata import KINDS, read_metadata
from onrecord.normalize.langsmith_sides import read_inputs, read_outputs
from onrecord.normalize.registry import finish
from onrecord.normalize.values import as_map, as_text, as_texts

_SEGMENT: Final = re.compile(r"(\d{8}T\d{6})(\d{0,9})Z(.+)")
_KEPT_EVENTS: Final = ("new_token", "start", "end", "error")
"""Events that a field says already."""


def read_run(run: Mapping[str, Any], *, is_patch: bool = False) -> Span:
    """The span that a run is, or the part of one that a patch says."""
    extra = as_map(run.get("extra"))
    order = _order(run)
    draft = Draft(_frame(run, order), _context(as_map(extra.get("runtime"))))
    kind = KINDS.get(as_text(run.get("run_type")), "")
    if kind:
        draft.fields["kind"] = kind
    elif run.get("run_type"):
        draft.attributes["run_type"] = run["run_type"]
    _say_place(draft, run)
    read_metadata(draft, as_map(extra.get("metadata")), extra)
    read_inputs(draft, run.get("inputs"))
    read_outputs(draft, run.get("outputs"))
    _read_events(draft, run.get("events"))
    if run.get("error"):
        read_error(draft, as_text(run["error"]))
    _keep_rest(draft, run)
    generic.read(draft)
    if kind not in BILLABLE_KINDS and kind:
        draft.fields.pop("cost_reported", None)
        draft.fields.pop("cost_details", None)
    elif kind == "" and draft.fields["kind"] == "span" and is_patch:
        return _part(draft)
    if is_patch and not draft.otlp.end_unix_nano:
        draft.fields["running"] = False
    return finish(draft, "langsmith", "langsmith")


def _part(draft: Draft) -> Span:
    """A patch that does not say what kind of run it is: whether its tokens are an aggregate is not for it to say."""
    span = finish(draft, "langsmith", "langsmith")
    usage = replace(span.usage, aggregate=False)
    return replace(span, usage=usage, running=False)


def _order(run: Mapping[str, Any]) -> list[tuple[int, str]]:
    """Instants and ids from the root to the run, as ``dotted_order`` tells them."""
    steps = []
    for segment in as_text(run.get("dotted_order")).split("."):
        found = _SEGMENT.fullmatch(segment)
        if found is not None:
            steps.append((_nanoseconds(f"{found[1]}.{(found[2] or '0')[:6]}Z"), found[3]))
    return steps


def _frame(run: Mapping[str, Any], order: list[tuple[int, str]]) -> OtlpSpan:
    """Ids and instants. A run that names no trace is one of its own, or of its parent's."""
    identity = _id(run.get("id"))
    parent = _id(run.get("parent_run_id")) or (_id(order[-2][1]) if len(order) > 1 else "")
    trace = _id(run.get("trace_id")) or (_id(order[0][1]) if order else "") or parent or identity
    return OtlpSpan(
        trace_id=trace,
        span_id=identity,
        parent_id=parent,
        name=as_text(run.get("name")),
        start_unix_nano=_nanoseconds(run.get("start_time")) or (order[-1][0] if order else 0),
        end_unix_nano=_nanoseconds(run.get("end_time")),
        status_code=2 if run.get("error") else 1 if run.get("end_time") else 0,
    )


def _id(value: Any) -> str:
    """An id as it was sent; UUIDs in lower case, so that the same run is the same span."""
    return as_text(value).lower()[:ID_BYTES]


def _nanoseconds(value: Any) -> int:
    """An instant: ISO 8601 (UTC unless it says otherwise), or milliseconds since the epoch; 0 when it is neither."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return int(value * 1_000_000) if 0 < value < 2**43 else 0
    try:
        instant = datetime.fromisoformat(as_text(value))
    except ValueError:
        return 0
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=UTC)
    elapsed = instant - datetime(1970, 1, 1, tzinfo=UTC)
    whole = (elapsed.days * 86_400 + elapsed.seconds) * 1_000_000 + elapsed.microseconds
    return max(whole, 0) * 1_000


_LANGUAGES: Final = {"python": "python", "node": "nodejs", "deno": "nodejs", "browser": "webjs"}
_RUNTIME: Final = {
    "sdk": "telemetry.sdk.name", "sdk_version": "telemetry.sdk.version", "runtime": "process.runtime.name",
    "runtime_version": "process.runtime.version", "library_version": "library_version", "library": "library",
    "langchain_version": "langchain_version", "langchain_core_version": "langchain_core_version",
}  # fmt: skip
"""What is kept of a run's ``runtime``: versions of software. What names the machine it ran on is not."""


def _context(runtime: Mapping[str, Any]) -> OtlpContext:
    resource = {name: runtime[key] for key, name in _RUNTIME.items() if runtime.get(key)}
    language = _LANGUAGES.get(as_text(runtime.get("runtime")))
    if language:
        resource["telemetry.sdk.language"] = language
    return OtlpContext(
        resource=resource,
        scope_name=as_text(runtime.get("sdk")),
        scope_version=as_text(runtime.get("sdk_version")),
    )


def _say_place(draft: Draft, run: Mapping[str, Any]) -> None:
    draft.say("application", as_text(run.get("session_name") or run.get("session_id")))
    draft.say("tags", as_texts(run.get("tags")))


def _read_events(draft: Draft, events: Any) -> None:
    """The first token, and events that no field says."""
    for event in events if isinstance(events, list) else []:
        if not isinstance(event, dict):
            continue
        name, instant = as_text(event.get("name")), _nanoseconds(event.get("time"))
        if name == "new_token":
            elapsed_ms = (instant - draft.otlp.start_unix_nano) / 1e6
            if instant and draft.otlp.start_unix_nano and elapsed_ms >= 0:
                draft.say("time_to_first_token_ms", elapsed_ms)
        elif name not in _KEPT_EVENTS:
            rest = {key: value for key, value in event.items() if key not in ("name", "time") and value is not None}
            draft.events.append(OtlpEvent(name, instant, rest))


_FIELDS: Final = frozenset(
    {"id", "trace_id", "parent_run_id", "dotted_order", "name", "run_type", "start_time", "end_time", "inputs",
     "outputs", "error", "events", "tags", "extra", "session_name", "session_id", "child_runs", "child_run_ids",
     "attachments", "serialized", "status", "parent_run_ids", "execution_order", "child_execution_order",
     "total_tokens", "prompt_tokens", "completion_tokens", "first_token_time", "in_dataset", "feedback_stats",
     "app_path", "manifest_id"}
)  # fmt: skip


def _keep_rest(draft: Draft, run: Mapping[str, Any]) -> None:
    """What no field carries: the example a run was made from, and fields of versions to come."""
    for key, value in run.items():
        if key not in _FIELDS and value not in (None, "", [], {}):
            draft.attributes[key] = value
    attached = run.get("attachments")
    if isinstance(attached, list) and attached:
        draft.attributes["attachments"] = attached
    serialized = run.get("serialized")
    if isinstance(serialized, dict) and set(serialized) - {"name"}:
        draft.attributes["serialized"] = {key: value for key, value in serialized.items() if key != "graph"}
