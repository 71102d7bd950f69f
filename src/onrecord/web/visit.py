"""A visit: one request of one person, with everything a page needs, and the wrapper that makes a page of a function.

A page is ``def view(visit) -> Response``, run in a worker thread; nothing in it awaits. The wrapper sends whoever is
not logged in to the login page, refuses a form without its token or from another site, and turns every known error
into a page that says what happened and what to do. Text of a payload never enters an error.
"""

from collections.abc import Awaitable, Callable
from datetime import tzinfo
from typing import Any, Final
from urllib.parse import parse_qsl, quote, urlencode

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from onrecord.control.caller import Caller
from onrecord.control.roles import Role
from onrecord.errors import Denied, OnrecordError, Rejected
from onrecord.model.access import Access, Level
from onrecord.model.project import SYSTEM_PROJECT, Project
from onrecord.web.looking import RANGE_WORDS
from onrecord.web.port import SESSION_COOKIE, Site
from onrecord.web.render import HEADERS, page
from onrecord.web.words import zone_of

FORM_BYTES: Final = 65_536
"""The largest form of any page: a corrected answer of 6,000 characters in any script, each byte of it escaped."""
_BUSY: Final = 503
"""A page that is answered so asks again by itself: the store opens a second after the server."""
THEMES: Final = ("light", "dark")


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """One request of a person who is logged in."""

    request: Request
    site: Site
    caller: Caller
    session: str
    project: Project
    projects: tuple[Project, ...]
    """What the switch offers."""
    form: dict[str, str]
    """The fields of a posted form."""

    @property
    def access(self) -> Access:
        """The reader's right to this project, at the most that is not exact."""
        return self.caller.access(self.project.id)

    @property
    def may_read_exact(self) -> bool:
        """Whether the reader's role opens exact content, for a purpose."""
        return self.caller.roles[self.project.id].level is Level.EXACT

    @property
    def is_owner(self) -> bool:
        """Whether the reader manages this project."""
        return self.owns(self.project)

    @property
    def may_write_keyless(self) -> bool:
        """Whether, as far as this reader can know, an application on this machine may still write without a key."""
        first = self.project == self.projects[0]
        return first and self.is_owner and not self.site.keyring.keys(self.caller, self.project)

    def owns(self, project: Project) -> bool:
        """Whether the reader manages a project."""
        return self.caller.roles.get(project.id) is Role.OWNER

    def asked(self, name: str, default: str = "") -> str:
        """A query parameter."""
        return self.request.query_params.get(name, default)

    def link(self, path: str, /, **parameters: Any) -> str:
        """The address of a page in this project; empty parameters are left out."""
        pairs = [(name.rstrip("_"), str(value)) for name, value in parameters.items() if value not in ("", None)]
        if self.project != self.projects[0]:
            pairs.append(("project", self.project.id))
        return quote(path, safe="/:@") + (f"?{urlencode(pairs)}" if pairs else "")

    def render(self, template: str, status: int = 200, **context: Any) -> Response:
        """A template with what every page shows."""
        return page(template, status, **frame(self.request, self.site), **self._frame(), **context)

    def go(self, path: str, /, **parameters: Any) -> Response:
        """A redirect after a form."""
        return RedirectResponse(self.link(path, **parameters), status_code=303, headers=HEADERS)

    def _frame(self) -> dict[str, Any]:
        return {
            "visit": self,
            "link": self.link,
            "project": self.project,
            "projects": self.projects,
            "caller": self.caller,
            "csrf": self.site.gate.csrf(self.session),
            "demo": self.project.demo,
            "sql_console": self.site.console.enabled,
            "ranges": tuple(RANGE_WORDS.items()),
        }


View = Callable[[Visit], Response]


def frame(request: Request, site: Site) -> dict[str, Any]:
    """What a page shows of the request itself, logged in or not."""
    theme = request.cookies.get("theme", "")
    return {
        "path": request.url.path,
        "theme": theme if theme in THEMES else "",
        "zone": reader_zone(request),
        "now_us": site.clock.now_us(),
        "warning": site.state.warning(),
        "server": site.public_url() or str(request.base_url).rstrip("/"),
    }


def reader_zone(request: Request) -> tzinfo:
    """The zone that the reader's browser named, else UTC."""
    return zone_of(request.cookies.get("zone", "").replace("%2F", "/"))


def reading(site: Site, view: View) -> Callable[[Request], Awaitable[Response]]:
    """The endpoint of a page."""

    async def endpoint(request: Request) -> Response:
        form = await read_form(request) if request.method == "POST" else {}
        return await run_in_threadpool(_visited, site, view, request, form)

    return endpoint


async def read_form(request: Request) -> dict[str, str]:
    """The fields of an urlencoded form; a larger or broken one has none."""
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > FORM_BYTES:
            return {}
    return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=50))


def from_elsewhere(request: Request) -> bool:
    """Whether a browser says that another site sent this form (Fetch Metadata, W3C)."""
    return request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none")


def _visited(site: Site, view: View, request: Request, form: dict[str, str]) -> Response:
    session = request.cookies.get(SESSION_COOKIE, "")
    try:
        caller = site.gate.caller(session) if session else None
        if caller is None:
            return _login_first(request)
        visit = Visit(
            request=request, site=site, caller=caller, session=session, form=form, **_projects(caller, request)
        )
        if request.method == "POST" and (from_elsewhere(request) or form.get("csrf") != site.gate.csrf(session)):
            raise Denied("This form is too old or came from another site.", hint="Open the page again and resend it.")
        return view(visit)
    except OnrecordError as error:
        return problem_page(request, site, error)


def _projects(caller: Caller, request: Request) -> dict[str, Any]:
    shown = sorted(caller.projects, key=lambda project: project.id == SYSTEM_PROJECT)
    if not shown:
        raise Denied("You may not read any project.", hint="An owner adds you with `onrecord users add`.")
    wanted = request.query_params.get("project", "")
    return {"project": caller.project(wanted) if wanted else shown[0], "projects": tuple(shown)}


def _login_first(request: Request) -> Response:
    if request.headers.get("hx-request"):
        return Response(status_code=401, headers={**HEADERS, "hx-redirect": "/login"})
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    target = "/login" if request.method != "GET" or here == "/" else f"/login?{urlencode({'next': here})}"
    return RedirectResponse(target, status_code=303, headers=HEADERS)


def problem_page(request: Request, site: Site, error: OnrecordError) -> Response:
    """An error as a page, or as a few lines where a fragment was asked for."""
    fragment = bool(request.headers.get("hx-request"))
    again = error.status == _BUSY and request.method == "GET" and not fragment
    template = "part/problem.html" if fragment else "problem.html"
    answer = page(template, error.status, **frame(request, site), error=error, again=again)
    if again:
        answer.headers["refresh"] = "2"
    return answer


def local_path(target: str) -> str:
    """Where to go after the login: a path of this server, never another host."""
    plain = target.startswith("/") and not target.startswith(("//", "/\\")) and target.isprintable()
    return target if plain else "/traces"


def integer(text: str, name: str, highest: int = 2**53) -> int:
    """A number from an address. Raises ``Rejected`` when it is none."""
    if not (text.isascii() and text.isdigit() and len(text) <= 16) or int(text) > highest:  # noqa: PLR2004 - of 2**53
        raise Rejected(f"The {name} in this address is not a number.", hint="Follow the link from the page again.")
    return int(text)
