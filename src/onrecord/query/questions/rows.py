"""Questions that a list answers: traces, spans, sessions, users. Newest first, paged by key, never by offset."""

from collections.abc import Sequence
from typing import Final

from onrecord.errors import Missing
from onrecord.model.access import Access, Level
from onrecord.query import content, exports, lists, people, searching
from onrecord.query.cursor import PlaceCursor, encode, limit_of, name_after, place_after
from onrecord.query.questions.entrance import Entrance
from onrecord.query.results import FIRST, Hit, Page, PageRequest, SessionRow, SpanDetail, SpanRow, TraceRow, UserRow
from onrecord.query.syntax import EVERYTHING, Compare, Filter

_RUNNING: Final = Compare("running", "=", 1)


class RowQuestions(Entrance):
    """Which rows fit a filter."""

    def traces(
        self, access: Access, project: str, where: Filter = EVERYTHING, page: PageRequest = FIRST
    ) -> Page[TraceRow]:
        """Traces of which at least one span fits, newest received first.

        Raises:
            Missing: the project is not there for this reader. Rejected: the cursor or filter is malformed.
        """
        view, wanted = self._enter(access, project, where)
        start, limit = place_after(page.after), limit_of(page)
        return lists.traces(view, wanted, start, limit, self._sizes(view))

    def narrowed(self, access: Access, project: str, where: Filter) -> Filter:
        """``where``, or the places of what it finds: who asks several questions looks for a text once.

        It stays as it is where it looks for no text, or finds more than ``limits.NARROWED_SPANS`` spans. Places are
        those of this moment: for the questions of one page, not for an address.
        """
        view, wanted = self._enter(access, project, where)
        return lists.narrowed(view, wanted) or where

    def tail(
        self, access: Access, project: str, after: str = "", where: Filter = EVERYTHING, limit: int = 50
    ) -> Page[TraceRow]:
        """Traces that changed after the cursor, newest first; ``next`` is the cursor to ask with the next time.

        Without a cursor the answer has no rows, only a cursor that stands at the present.
        """
        view, wanted = self._enter(access, project, where)
        since, rows = place_after(after), limit_of(PageRequest(limit=limit))
        if since is None:
            newest = lists.newest_place(view, self._sizes(view))
            return Page(rows=(), next=encode(PlaceCursor(newest.shard, newest.index)))
        return lists.changed(view, wanted, since, rows, self._sizes(view))

    def spans(
        self, access: Access, project: str, where: Filter = EVERYTHING, page: PageRequest = FIRST
    ) -> Page[SpanRow]:
        """Spans that fit, newest received first."""
        view, wanted = self._enter(access, project, where)
        start, limit = place_after(page.after), limit_of(page)
        return lists.spans(view, wanted, start, limit, self._sizes(view))

    def running(self, access: Access, project: str, page: PageRequest = FIRST) -> Page[SpanRow]:
        """Spans that have not reported their end."""
        return self.spans(access, project, _RUNNING, page)

    def details(
        self, access: Access, project: str, where: Filter = EVERYTHING, page: PageRequest = FIRST
    ) -> Page[SpanDetail]:
        """Spans that fit with their content, pseudonymised at most; their scores are a question of their own."""
        found = self.spans(access, project, where, page)
        return Page(rows=self.opened(access, project, found.rows), next=found.next)

    def opened(self, access: Access, project: str, rows: Sequence[SpanRow]) -> tuple[SpanDetail, ...]:
        """Spans of an earlier answer with their content, as ``details``: the store is not asked again."""
        view, _ = self._enter(access, project)
        return tuple(content.listed(view, self._vault, row) for row in rows)

    def export(
        self,
        access: Access,
        project: str,
        where: Filter = EVERYTHING,
        page: PageRequest = FIRST,
        level: Level = Level.PSEUDONYMISED,
    ) -> Page[SpanDetail]:
        """Spans that fit with their content at ``level``, newest received first; raises as ``span``.

        A page ends early when its content is large; each page of exact content is recorded once, before it is answered.
        """
        view, wanted = self._enter(access, project, where)
        start, limit = place_after(page.after), limit_of(page)
        return exports.export(view, self._vault, wanted, start, limit, level, self._sizes(view))

    def search(self, access: Access, project: str, where: Filter, page: PageRequest = FIRST) -> Page[Hit]:
        """Spans that fit, newest first, with the text around what was found."""
        view, wanted = self._enter(access, project, where)
        start, limit = place_after(page.after), limit_of(page)
        return searching.search(view, wanted, start, limit, self._sizes(view))

    def sessions(
        self, access: Access, project: str, where: Filter = EVERYTHING, page: PageRequest = FIRST
    ) -> Page[SessionRow]:
        """Sessions of which at least one span fits, newest received first."""
        view, wanted = self._enter(access, project, where)
        return people.sessions(view, wanted, name_after(page.after), limit_of(page))

    def session(self, access: Access, project: str, session: str) -> SessionRow:
        """One session by raw id or pseudonym; its traces are ``traces`` with a filter on it."""
        view, _ = self._enter(access, project)
        found = people.session(view, self._lenses(view.project.number).pseudonyms.session(session))
        if found is None:
            raise Missing("There is no such session.", hint="It may be of another project, or erased.")
        return found

    def users(
        self, access: Access, project: str, where: Filter = EVERYTHING, page: PageRequest = FIRST
    ) -> Page[UserRow]:
        """Users (pseudonyms) of whom at least one span fits, most recently seen first."""
        view, wanted = self._enter(access, project, where)
        return people.users(view, wanted, name_after(page.after), limit_of(page))
