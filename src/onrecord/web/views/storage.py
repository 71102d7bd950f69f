"""Storage: what every byte on disk is for."""

from starlette.responses import Response

from onrecord.web.visit import Visit


def storage(visit: Visit) -> Response:
    """The page ``/storage``, for owners."""
    return visit.render("storage.html", report=visit.site.storage.report(visit.caller, visit.project.id))
