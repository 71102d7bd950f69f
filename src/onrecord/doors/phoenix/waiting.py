"""Scores of spans whose trace is not known yet.

A score lies in the partition of its trace, so that it goes when its person is erased; a client of Phoenix names the
span only. The store knows the trace about a second after the span is durable. A client that sends its spans in
batches annotates even before that: what it said is kept, sealed, in the library, and becomes a score when the span is
there. After a restart the next annotation of the project takes up what still waits.
"""

import asyncio
import logging
import threading
from collections.abc import Sequence
from typing import Final

import msgspec
from starlette.concurrency import run_in_threadpool

from onrecord.control.library import Document
from onrecord.doors.phoenix.places import own_access, traces_of
from onrecord.doors.port import Desk
from onrecord.errors import OnrecordError, Pushback, Rejected, Unavailable, where
from onrecord.limits import HELD_SCORES
from onrecord.model.annotation import Annotation
from onrecord.model.project import Project
from onrecord.model.score import Score
from onrecord.receive.phoenix import encode_scores
from onrecord.receive.port import Delivery

_logger = logging.getLogger(__name__)
KIND: Final = "phoenix.held"
_SIGNAL: Final = "phoenix.annotations"
_NOW_S: Final = (0.0, 0.3, 0.7, 1.0, 1.0)
"""Pauses before each look for the spans of a client that waits: what the store is behind, and a margin."""
_LATER_S: Final = (1.0, 2.0, 5.0, 5.0, 10.0, 20.0, 60.0, 300.0, 900.0)
"""Pauses before each look for the spans of what is held; batches of spans are sent every five seconds."""


class Waiting:
    """Keeps annotations as scores, now or when their span is there."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._lock = threading.Lock()
        self._looking: dict[str, asyncio.Task[None]] = {}

    async def keep_now(self, project: Project, annotations: Sequence[Annotation]) -> int:
        """Keep all of them, or none: then the number of those whose span is not on the record.

        Returns when they can be read, as a client that says ``sync`` expects, or when the store is too far behind.
        """
        traces = await self._traces(project, annotations, _NOW_S)
        missing = sum(1 for one in annotations if one.span_id and one.span_id not in traces)
        if not missing and annotations:
            scores = await self._submit(project, annotations, traces)
            await run_in_threadpool(self._let_go, project, annotations)
            for pause_s in _NOW_S:
                await asyncio.sleep(pause_s)
                if await run_in_threadpool(self._is_shown, project, scores[-1]):
                    break
        self._look(project)
        return missing

    async def keep(self, project: Project, annotations: Sequence[Annotation]) -> None:
        """Keep all of them durably; those whose span is not there yet are held until it is."""
        try:
            traces = await self._traces(project, annotations, (0.0,))
        except Unavailable:  # the store is still opening: nobody knows the spans yet
            traces = {}
        ready = [one for one in annotations if not one.span_id or one.span_id in traces]
        held = [one for one in annotations if one.span_id and one.span_id not in traces]
        if held:
            await run_in_threadpool(self._hold, project, held)
        if ready:
            await self._submit(project, ready, traces)
            await run_in_threadpool(self._let_go, project, ready)
        self._look(project)

    async def _traces(
        self, project: Project, annotations: Sequence[Annotation], pauses_s: Sequence[float]
    ) -> dict[str, str]:
        """The trace of each span that is there; looks until all are, or once after each pause."""
        wanted = {one.span_id for one in annotations if one.span_id}
        found: dict[str, str] = {}
        for pause_s in pauses_s:
            missing = sorted(wanted - found.keys())
            if not missing:
                break
            await asyncio.sleep(pause_s)
            found |= await run_in_threadpool(traces_of, self._desk, project, missing)
        return found

    def _is_shown(self, project: Project, score: Score) -> bool:
        targets = {"span": score.span_id, "trace": score.trace_id, "session": score.session_id}
        target, id_ = next((name, id_) for name, id_ in targets.items() if id_)
        rows = self._desk.engine.scores(own_access(project), project.id, target, [id_])
        return any(row.id == score.id and row.time_us >= score.time_unix_nano // 1_000 for row in rows)

    async def _submit(self, project: Project, annotations: Sequence[Annotation], traces: dict[str, str]) -> list[Score]:
        now_ns = self._desk.clock.now_us() * 1_000
        scores = [one.score(now_ns, traces.get(one.span_id, "")) for one in annotations]
        delivery = Delivery(project=project, signal=_SIGNAL, media="json", body=encode_scores(scores))
        ack = await asyncio.shield(asyncio.wrap_future(self._desk.intake.submit(delivery)))
        tally = self._desk.bodies.tally
        tally.accepted[_SIGNAL] += ack.accepted - ack.duplicates
        tally.rejected[_SIGNAL] += ack.rejected
        if ack.rejected:
            raise Rejected("Some annotations could not be understood.", hint=" ".join(ack.reasons), status=422)
        return scores

    def _hold(self, project: Project, annotations: Sequence[Annotation]) -> None:
        library = self._desk.library
        if library.count(project, KIND) + len(annotations) > HELD_SCORES:
            raise Pushback(
                "Too many annotations wait for their spans.", hint="Send the spans, then send again.", retry_after_s=60
            )
        with self._lock:
            for one in annotations:
                library.put(project, Document(kind=KIND, id=one.score_id, value=msgspec.to_builtins(one)))

    def _let_go(self, project: Project, annotations: Sequence[Annotation]) -> None:
        """What was said since is newer than what is held."""
        if self._desk.library.count(project, KIND):
            for one in annotations:
                self._desk.library.remove(project, KIND, one.score_id)

    def _settled(self, project: Project, kept: Document) -> None:
        """Remove a held annotation that is a score now, unless it was said anew meanwhile."""
        with self._lock:
            held = self._desk.library.get(project, KIND, kept.id)
            if held is not None and held.value == kept.value:
                self._desk.library.remove(project, KIND, kept.id)

    def _look(self, project: Project) -> None:
        """See to it that somebody looks for the spans of what is held."""
        task = self._looking.get(project.id)
        if task is None or task.done():
            self._looking[project.id] = asyncio.create_task(self._release(project))

    async def _release(self, project: Project) -> None:
        """Make scores of what is held, as its spans arrive; ends when nothing is held or nobody sent for long."""
        for pause_s in _LATER_S:
            try:
                if not await self._release_some(project, pause_s):
                    return
            except OnrecordError as error:  # the store or the way to the record is not there just now
                _logger.warning("annotations that wait for their spans wait longer: %s", where(error))

    async def _release_some(self, project: Project, pause_s: float) -> bool:
        """Look once, after a pause; whether anything is held at all."""
        library = self._desk.library
        held = await run_in_threadpool(library.every, project, KIND, limit=HELD_SCORES)
        if not held:
            return False
        waiting = [msgspec.convert(one.value, Annotation) for one in held]
        traces = await self._traces(project, waiting, (pause_s,))
        for old, one in zip(held, waiting, strict=True):
            # It may have been said anew while its span was looked for.
            now = await run_in_threadpool(library.get, project, KIND, old.id) if one.span_id in traces else None
            if now is not None:
                await self._submit(project, [msgspec.convert(now.value, Annotation)], traces)
                await run_in_threadpool(self._settled, project, now)
        return True
