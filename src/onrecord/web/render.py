"""Templates and static files: one Jinja environment (escaping on, undefined is an error), files served from memory.

The address of a static file holds the digest of all of them, so that a browser may keep it for ever and never sees
an old one. Nothing is fetched from another host and nothing runs inline: ``CSP`` says so to the browser.
"""

import hashlib
from collections.abc import Mapping
from datetime import UTC, tzinfo
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup
from starlette.responses import Response

from onrecord.web import words
from onrecord.web.ink import ink, line, near
from onrecord.web.jsontree import tree
from onrecord.web.steps import LETTERS

CSP: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS: Final = {
    "content-security-policy": CSP,
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
"""Headers of every page and fragment."""

_TYPES = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "txt": "text/plain; charset=utf-8",
}


@cache
def static_files() -> Mapping[str, bytes]:
    """Every static file by its path below ``static/``."""
    found: dict[str, bytes] = {}

    def walk(folder: Traversable, prefix: str) -> None:
        for item in folder.iterdir():
            if item.is_dir():
                walk(item, f"{prefix}{item.name}/")
            elif item.name.rpartition(".")[2] in _TYPES:
                found[prefix + item.name] = item.read_bytes()

    walk(files("onrecord.web") / "static", "")
    return found


@cache
def static_digest() -> str:
    """Twelve hex digits that change whenever a static file does."""
    whole = hashlib.sha256()
    for path, content in sorted(static_files().items()):
        whole.update(path.encode() + b"\0" + hashlib.sha256(content).digest())
    return whole.hexdigest()[:12]


def static_response(path: str) -> Response | None:
    """A static file, ``None`` when there is none."""
    content = static_files().get(path)
    if content is None:
        return None
    headers = {"cache-control": "public, max-age=31536000, immutable", "x-content-type-options": "nosniff"}
    return Response(content, media_type=_TYPES[path.rpartition(".")[2]], headers=headers)


@cache
def environment() -> Environment:
    """The Jinja environment of every page."""
    env = Environment(
        loader=PackageLoader("onrecord.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.globals.update(static=lambda path: f"/static/{static_digest()}/{path}", letters=LETTERS)
    env.filters.update(
        when=_when,
        moment=_moment,
        ink=ink,
        line=line,
        near=near,
        duration=lambda ms: _known(words.duration_text(None if ms is None else ms * 1_000)),
        count=lambda number: _known(words.count_text(number)),
        money=lambda amount, currency="USD": _known(words.money_text(amount, currency or "USD")),
        size=lambda number: _known(words.bytes_text(number)),
        short=words.short_id,
        plural=words.plural,
        unqualified=words.unqualified,
        json=tree,
        coded=_coded,
    )
    return env


def page(template: str, status: int = 200, **context: Any) -> Response:
    """A template as a response with the headers of every page."""
    text = environment().get_template(template).render(context)
    return Response(text, status_code=status, media_type="text/html; charset=utf-8", headers=HEADERS)


def _known(text: str) -> Markup | str:
    return Markup('<span class="unknown">unknown</span>') if text == words.UNKNOWN else text


def _coded(sentence: str) -> Markup:
    """A sentence of ours whose commands stand between back quotes."""
    pieces = sentence.split("`")
    shown = (Markup("<code>{}</code>" if place % 2 else "{}").format(piece) for place, piece in enumerate(pieces))  # noqa: S704
    return Markup("").join(shown)


def _zone(context: Context) -> tzinfo:
    zone = context.get("zone", UTC)
    return zone if isinstance(zone, tzinfo) else UTC


@pass_context
def _when(context: Context, us: int) -> Markup:
    """A short instant in the reader's zone, UTC in its title."""
    text = words.clock_text(us, _zone(context), context["now_us"])
    return Markup('<time datetime="{}" title="{}">{}</time>').format(_iso(us), words.utc_text(us), _known(text))


@pass_context
def _moment(context: Context, us: int) -> Markup:
    """A full instant in the reader's zone, UTC in its title."""
    text = words.long_text(us, _zone(context))
    return Markup('<time datetime="{}" title="{}">{}</time>').format(_iso(us), words.utc_text(us), _known(text))


def _iso(us: int) -> str:
    return words.instant(us).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
