"""Users, by pseudonym: who used what, when last; each figure a link to the rows behind it."""

from typing import Final

from starlette.responses import Response

from onrecord.query.results import PageRequest
from onrecord.web.looking import RANGE_WORDS, looking
from onrecord.web.views.traces import environments
from onrecord.web.visit import Visit

ROWS: Final = 50


def users(visit: Visit) -> Response:
    """The page ``/users``."""
    look = looking(visit.request.query_params, visit.site.clock.now_us())
    after = visit.asked("after")
    page = visit.site.engine.users(visit.access, visit.project.id, look.where, PageRequest(limit=ROWS, after=after))
    return visit.render(
        "users.html",
        look=look,
        page=page,
        after=after,
        base="/users",
        environments=environments(visit, look),
        range_words=RANGE_WORDS[look.range],
    )
