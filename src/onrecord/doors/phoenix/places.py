"""The traces of spans: what clients of Phoenix do not say, and what erasing a person goes by."""

from collections.abc import Sequence

from onrecord.doors.port import Desk
from onrecord.limits import PAGE_ROWS
from onrecord.model.access import Access, Level
from onrecord.model.ids import is_random_id
from onrecord.model.project import Project
from onrecord.query.results import PageRequest
from onrecord.query.syntax import In


def traces_of(desk: Desk, project: Project, span_ids: Sequence[str]) -> dict[str, str]:
    """The trace of each span that the store has; empty for a trace whose id is text."""
    random = [one for one in span_ids if is_random_id(one)]
    batches = [tuple(random[start : start + PAGE_ROWS]) for start in range(0, len(random), PAGE_ROWS)]
    # The store shows an id that is text as a pseudonym, so each of those is a question of its own.
    batches += [(one,) for one in span_ids if not is_random_id(one)]
    found: dict[str, str] = {}
    for some in batches:
        page = desk.engine.spans(own_access(project), project.id, In("span", some), PageRequest(limit=PAGE_ROWS))
        for row in page.rows:
            id_ = row.span_id if is_random_id(some[0]) else some[0]
            # With the pseudonym of a trace, a score would lie elsewhere.
            found[id_] = row.trace_id if is_random_id(row.trace_id) else ""
    return found


def own_access(project: Project) -> Access:
    """The server's own look at ids, which nobody sees."""
    return Access(actor="door phoenix", projects=frozenset((project.id,)), level=Level.METADATA)
