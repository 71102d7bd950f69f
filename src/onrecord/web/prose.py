"""Markdown on demand: CommonMark and tables to markup, without raw HTML, images or anything that loads or runs.

Raw HTML stays visible text; a link keeps its address only for http, https and mailto, opens apart and sends no
referrer; an image becomes its alternative text and address. Text beyond the bound stays as written.
"""

from collections.abc import Sequence
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markupsafe import Markup, escape

MARKDOWN_CHARACTERS = 200_000
"""The longest text that is rendered as Markdown."""
_SCHEMES = ("http://", "https://", "mailto:")


def markdown(text: str) -> Markup:
    """``text`` as safe markup; escaped as it stands when it is too long to render."""
    if len(text) > MARKDOWN_CHARACTERS:
        return Markup('<pre class="text">{}</pre>').format(text)
    return Markup(_reader().render(text))  # noqa: S704 - html is off, see _reader


def _reader() -> MarkdownIt:
    reader = MarkdownIt("commonmark", {"html": False, "maxNesting": 40}).enable("table")
    reader.validateLink = lambda url: url.strip().lower().startswith(_SCHEMES)  # type: ignore[method-assign]
    reader.add_render_rule("link_open", _link)
    reader.add_render_rule("image", _image)
    return reader


def _link(self: RendererHTML, tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:  # noqa: ARG001
    href = escape(str(tokens[at].attrs.get("href", "")))
    return f'<a href="{href}" rel="noopener noreferrer nofollow" target="_blank">'


def _image(self: RendererHTML, tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:  # noqa: ARG001
    token = tokens[at]
    return f'<span class="image-link">[image: {escape(token.content)} {escape(str(token.attrs.get("src", "")))}]</span>'
