"""Judging in the page: a thumb, a comment, a corrected answer. Each is a score like any other, through the pipeline.

The answer leaves when the score is durable, and shows it at once although the store follows within a second.
"""

import hashlib
from typing import Final

import msgspec
from starlette.responses import Response

from onrecord.errors import Denied, Rejected
from onrecord.model.access import Level
from onrecord.model.score import Score
from onrecord.query.results import ScoreRow, SpanDetail
from onrecord.web.views.step import step_context
from onrecord.web.visit import Visit

TEXT_CHARACTERS: Final = 6_000
"""A comment or correction: written by hand, and no form is larger than ``visit.FORM_BYTES``."""
THUMB: Final = "thumb"
CORRECTION: Final = "correction"
COMMENT: Final = "comment"
_THUMBS: Final = {"up": 1.0, "down": 0.0}
_DOOR: Final = b"web.feedback"
_KEPT_SECONDS: Final = 30


def feedback(visit: Visit) -> Response:
    """``POST /traces/{trace}/feedback?s=STEP``: keep one judgement and show the step with it.

    Raises:
        Denied: the reader sees metadata only. Rejected: there is nothing in the form. Pushback: not now.
    """
    if visit.access.level < Level.PSEUDONYMISED:
        raise Denied("Your role may not judge.", hint="Ask an owner of the project.")
    trace_id, span_id = visit.request.path_params["trace"], visit.asked("s")
    detail = visit.site.engine.span(visit.access, visit.project.id, trace_id, span_id)
    score = score_of(visit.form, visit.caller.actor, detail, visit.site.clock.now_us())
    digest = hashlib.sha256(msgspec.msgpack.encode(score)).digest()
    visit.site.scores.score(visit.project, score, content=digest, door=_DOOR).result(_KEPT_SECONDS)
    shown = msgspec.structs.replace(detail, scores=with_new(detail.scores, score))
    bare = "part/step.html" if visit.request.headers.get("hx-request") else "step_alone.html"
    return visit.render(bare, **step_context(visit, shown))


def score_of(form: dict[str, str], actor: str, detail: SpanDetail, now_us: int) -> Score:
    """The judgement that a form holds: a thumb or a correction replaces the person's last one, a comment is added.

    Raises:
        Rejected: it holds none, or too much.
    """
    what, text = form.get("what", ""), form.get("text", "").replace("\r\n", "\n").strip()
    if len(text) > TEXT_CHARACTERS:
        raise Rejected(f"The text is longer than {TEXT_CHARACTERS} characters.", hint="Say it shorter.")
    row = detail.row
    plain = Score(
        name=what, source="human", author=actor, trace_id=row.trace_id, span_id=row.span_id,
        time_unix_nano=now_us * 1_000,
    )  # fmt: skip
    own = hashlib.sha256(f"{actor}\0{row.trace_id}\0{row.span_id}".encode()).hexdigest()[:24]
    if what in _THUMBS:
        return msgspec.structs.replace(
            plain, name=THUMB, id=f"{THUMB}.{own}", value=_THUMBS[what], label=what, comment=text
        )
    if not text:
        raise Rejected("There is nothing in this form.", hint="Write a few words and send it again.")
    if what == CORRECTION:
        return msgspec.structs.replace(plain, id=f"{CORRECTION}.{own}", comment=text)
    if what == COMMENT:
        return msgspec.structs.replace(plain, comment=text)
    raise Rejected("A step is judged by a thumb, a comment or a correction.")


def with_new(known: tuple[ScoreRow, ...], score: Score) -> tuple[ScoreRow, ...]:
    """The judgements as they will be read once the store has followed."""
    new = ScoreRow(
        name=score.name, value=score.value, label=score.label, comment=score.comment, source=score.source,
        author=score.author, trace_id=score.trace_id, span_id=score.span_id, time_us=score.time_unix_nano // 1_000,
    )  # fmt: skip
    replaces = bool(score.id)
    rest = (
        one
        for one in known
        if not (replaces and (one.name, one.author, one.span_id) == (new.name, new.author, new.span_id))
    )
    return (*rest, new)
