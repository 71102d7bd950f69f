"""Questions about one trace or one of its steps: its tree, its content, what was said of it, what stands beside it."""

from collections.abc import Sequence
from typing import Final

from onrecord.errors import Rejected
from onrecord.model.access import Access, Level
from onrecord.model.media import Media
from onrecord.model.record import Place
from onrecord.query import compare, content, neighbours, scorerows, stepmedia, tree
from onrecord.query.compare import Comparison
from onrecord.query.content import TraceContent
from onrecord.query.neighbours import Neighbours
from onrecord.query.questions.entrance import Entrance
from onrecord.query.results import ScoreRow, SpanDetail, TraceTree
from onrecord.query.stepmedia import MediumRow
from onrecord.query.syntax import EVERYTHING, Filter

_TARGETS: Final = {"span": "span_id", "trace": "trace_id", "session": "session"}


class TraceQuestions(Entrance):
    """What one trace holds. Exact content is put on the record before it is answered."""

    def trace(self, access: Access, project: str, trace_id: str) -> TraceTree:
        """One trace as a tree; orphans stand at the root, cycles are cut.

        Raises:
            Missing: no span of it is there for this reader.
        """
        view, _ = self._enter(access, project)
        return tree.trace_tree(view, self._shown_id(view, trace_id), self._sizes(view))

    def span(
        self, access: Access, project: str, trace_id: str, span_id: str, level: Level = Level.PSEUDONYMISED
    ) -> SpanDetail:
        """One span with its content at ``level``, or at the reader's own level when that is lower.

        ``Level.EXACT`` must be asked for, needs the right and a purpose, and is recorded before it is answered.

        Raises:
            Denied: exact content without the right. Rejected: without a purpose. Missing: no such span.
            Unavailable: the read could not be recorded, so nothing is shown.
        """
        view, _ = self._enter(access, project)
        ids = (self._shown_id(view, trace_id), self._shown_id(view, span_id))
        return content.span_detail(view, self._vault, ids, level, self._sizes(view))

    def steps(self, access: Access, project: str, found: TraceTree, span_ids: Sequence[str]) -> tuple[SpanDetail, ...]:
        """Spans of an earlier answer of ``trace``, with content and scores as ``span`` gives them; no record id.

        Content is pseudonymised at most. The store is asked for judgements that name no trace, and for nothing else.

        Raises:
            Missing: one of them is not in the answer.
        """
        view, _ = self._enter(access, project)
        return content.of_tree(view, self._vault, found, span_ids)

    def trace_content(
        self, access: Access, project: str, trace_id: str, level: Level = Level.PSEUDONYMISED
    ) -> TraceContent:
        """One trace with the content of its steps: what an export holds. Levels, and what is raised, as ``span``."""
        view, _ = self._enter(access, project)
        found = tree.trace_tree(view, self._shown_id(view, trace_id), self._sizes(view))
        return content.trace_content(view, self._vault, found, level)

    def compare(self, access: Access, project: str, left: tuple[str, str], right: tuple[str, str]) -> Comparison:
        """What differs between two steps, each a trace id and a span id; pseudonymised, like everything by default.

        Raises:
            Missing: one of them is not there for this reader.
        """
        view, _ = self._enter(access, project)
        sizes = self._sizes(view)
        details = []
        for trace_id, span_id in (left, right):
            ids = (self._shown_id(view, trace_id), self._shown_id(view, span_id))
            details.append(content.span_detail(view, self._vault, ids, Level.PSEUDONYMISED, sizes))
        return compare.compare(*details)

    def neighbours(self, access: Access, project: str, trace_id: str, where: Filter = EVERYTHING) -> Neighbours:
        """The next newer and the next older trace in the list that ``where`` makes; empty at its ends."""
        view, wanted = self._enter(access, project, where)
        return neighbours.neighbours(view, wanted, self._shown_id(view, trace_id), self._sizes(view))

    def beside(
        self, access: Access, project: str, trace_id: str, where: Filter = EVERYTHING, *, newer: bool = False
    ) -> str:
        """One of the ``neighbours``: the next older one, or the next newer one."""
        view, wanted = self._enter(access, project, where)
        return neighbours.beside(view, wanted, self._shown_id(view, trace_id), self._sizes(view), newer=newer)

    def scores(
        self, access: Access, project: str, target: str, ids: Sequence[str], *, offset: int = 0, limit: int = 1_000
    ) -> tuple[ScoreRow, ...]:
        """The newest judgement of each id about some spans, traces or sessions, newest first.

        ``target`` is ``span``, ``trace`` or ``session``; ``ids`` are those of the targets, as their client says them.

        Raises:
            Rejected: ``target`` is none of the three.
        """
        column = _TARGETS.get(target)
        if column is None:
            raise Rejected("Scores are about a span, a trace or a session.")
        view, _ = self._enter(access, project)
        pseudonyms = self._lenses(view.project.number).pseudonyms
        shown = [pseudonyms.session(one) if target == "session" else self._shown_id(view, one) for one in ids]
        return scorerows.scores_about(view, column, shown, offset, limit)

    def media(self, access: Access, project: str, trace_id: str, media_id: str) -> Media:
        """An image, a sound or a document of a trace: exact content, recorded before it is given.

        Raises:
            Denied: without the right. Rejected: without a purpose. Missing: it is not kept. Corrupt: it is altered.
            Unavailable: the read could not be recorded, so nothing is shown.
        """
        view, _ = self._enter(access, project)
        return content.media(view, self._vault, trace_id, media_id)

    def step_media(self, access: Access, project: str, detail: SpanDetail) -> tuple[MediumRow, ...]:
        """The media that a step of the project mentions: type and size of each, never its bytes."""
        view, _ = self._enter(access, project)
        return stepmedia.listed(view, self._vault, detail)

    def step_medium(self, access: Access, project: str, ids: tuple[str, str], number: int) -> Media:
        """One of them (trace id, span id, number) with its bytes: exact content, recorded before it is given.

        Raises:
            As ``media`` does.
        """
        view, _ = self._enter(access, project)
        return stepmedia.opened(view, self._vault, self.span(access, project, *ids), number)

    def note(self, access: Access, project: str, kind: str, places: tuple[Place, ...]) -> None:
        """Put on the record that these records were shown; ``access.purpose`` says why or how they were asked for.

        Raises:
            Unavailable: it could not be recorded: then nothing may be shown.
        """
        view, _ = self._enter(access, project)
        content.put_on_record(view, self._vault, kind, places)
