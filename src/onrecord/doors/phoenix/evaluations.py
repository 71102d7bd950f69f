"""What an evaluator said of a run: beside the run in the library, and as a score of the run's trace on the record."""

import hashlib
from concurrent.futures import Future
from typing import Any, Final

import msgspec

from onrecord.control.library import NOBODY, Document, Origin
from onrecord.doors.phoenix.nodes import Nodes
from onrecord.doors.port import Desk
from onrecord.errors import Rejected
from onrecord.model.annotation import Annotation, Kind, Result
from onrecord.model.project import Project
from onrecord.receive.phoenix import encode_scores
from onrecord.receive.port import Ack, Delivery

EVALUATION: Final = "phoenix.evaluation"
EVALUATIONS: Final = Nodes("ExperimentRunAnnotation")
_PER_RUN: Final = 1_000


class Evaluation(msgspec.Struct, frozen=True):
    """The body of ``POST /v1/experiment_evaluations``."""

    experiment_run_id: str
    name: str
    annotator_kind: Kind
    start_time: str
    end_time: str
    result: Result | None = None
    error: str | None = None
    metadata: dict[str, Any] | None = None
    trace_id: str | None = None


_decode: Final = msgspec.json.Decoder(Evaluation).decode


def decode_evaluation(plain: bytes) -> Evaluation:
    """The evaluation in a body; raises ``Rejected`` (422)."""
    try:
        return _decode(plain)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Rejected("The body is no evaluation.", status=422) from None


def keep_evaluation(desk: Desk, project: Project, run: Document, sent: Evaluation) -> tuple[str, "Future[Ack] | None"]:
    """Keep an evaluation in place of an earlier one of that name; its id, and the score on its way to the record."""
    key = hashlib.sha256(msgspec.json.encode((run.id, sent.name))).hexdigest()[:32]
    traced = run.value["trace_id"] or ""
    document = Document(kind=EVALUATION, id=key, name=sent.name, parent=run.id, value=msgspec.to_builtins(sent))
    desk.library.put(project, document, Origin(trace_id=traced) if traced else NOBODY)
    if not traced or sent.result is None:
        return EVALUATIONS.id(key), None
    judged = Annotation(
        name=sent.name,
        annotator_kind=sent.annotator_kind,
        trace_id=traced,
        result=sent.result,
        metadata=sent.metadata,
        identifier=sent.experiment_run_id,
    )
    score = judged.score(desk.clock.now_us() * 1_000)
    delivery = Delivery(project=project, signal="phoenix.annotations", media="json", body=encode_scores([score]))
    return EVALUATIONS.id(key), desk.intake.submit(delivery)


def evaluations_of(desk: Desk, project: Project, run: Document) -> list[dict[str, Any]]:
    """What was said of a run, as the client reads it."""
    said = [one.value for one in desk.library.every(project, EVALUATION, parent=run.id, limit=_PER_RUN)]
    return [
        {name: one[name] for name in ("name", "annotator_kind", "start_time", "end_time", "error", "trace_id")}
        | {"metadata": one["metadata"] or {}}
        | (one["result"] or {"label": None, "score": None, "explanation": None})
        for one in said
    ]
