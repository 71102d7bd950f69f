"""Health in the words of people: what is behind, what was refused, what was replaced, how much there is."""

from starlette.responses import Response

from onrecord.errors import Unavailable
from onrecord.query.results import Facet, PageRequest
from onrecord.web.visit import Visit

_LETTERS = 20
_LABELS = 50


def status(visit: Visit) -> Response:
    """The page ``/status``."""
    return shown(visit)


def shown(visit: Visit, said: str = "", *, well: bool = True, status_code: int = 200) -> Response:
    """The page, with what became of the form that led to it."""
    engine, access, project = visit.site.engine, visit.access, visit.project.id
    return visit.render(
        "status.html",
        status_code,
        figures=tuple(visit.site.state.health()),
        counts=engine.counts(access, project),
        found=_found(visit),
        complete=engine.completeness(access, project),
        letters=visit.site.letters.list(access, project, PageRequest(limit=_LETTERS, after=visit.asked("after"))),
        said=said,
        said_well=well,
        is_owner=visit.is_owner,
        may_read_exact=visit.may_read_exact,
    )


def _found(visit: Visit) -> tuple[Facet, ...] | None:
    """Steps by the label of what was found in them; ``None`` when the store does not answer in time."""
    try:
        (facet,) = visit.site.engine.facets(visit.access, visit.project.id, ("found",), limit=_LABELS)
    except Unavailable:
        return None
    return facet.values
