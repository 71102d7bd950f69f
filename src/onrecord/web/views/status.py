"""Health in the words of people: what is behind, what was refused, how much there is."""

from starlette.responses import Response

from onrecord.web.visit import Visit


def status(visit: Visit) -> Response:
    """The page ``/status``."""
    engine, access, project = visit.site.engine, visit.access, visit.project.id
    return visit.render(
        "status.html",
        figures=tuple(visit.site.state.health()),
        counts=engine.counts(access, project),
        heads=engine.heads(access, project),
    )
