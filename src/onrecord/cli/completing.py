"""Completing a search line: names of fields, then values that a server has seen, where it answers quickly.

Nothing here may fail or wait: a shell stands still meanwhile. Whatever goes wrong gives no proposals.
"""

import contextlib
import re
from typing import Final

import click
from click.shell_completion import CompletionItem

from onrecord.query.fields import FIELDS, find

_PATIENCE_S: Final = 0.7
_PROPOSALS: Final = 60
_CONDITION: Final = re.compile(r"(-?)([A-Za-z_][A-Za-z0-9_.]*)(!=|[:=])(.*)", re.DOTALL)
_PLAIN: Final = re.compile(r"[^\s()\[\]{}\",\\'$`&|;<>*?!#~]+")
"""Values that neither a shell nor a search line needs quotes for."""
_COUNTED: Final = ("text", "id", "list", "open")
"""Kinds of fields that a server counts the values of."""


def complete_line(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG001
    """Proposals for the word that is being typed. bash gives what stands before and after a colon as separate words."""
    before = tuple(ctx.params.get("line") or ())
    if incomplete in (":", "=") and before:
        return _values(ctx, before[-1], "", "")
    if len(before) > 1 and before[-1] in (":", "="):
        return _values(ctx, before[-2], incomplete, "")
    found = _CONDITION.fullmatch(incomplete)
    if found is not None:
        sign, name, operator, typed = found.groups()
        return _values(ctx, name, typed, f"{sign}{name}{operator}")
    sign = "-" if incomplete.startswith("-") else ""
    typed = incomplete.removeprefix("-")
    return [
        CompletionItem(f"{sign}{field.name}:", help=field.note)
        for field in FIELDS.values()
        if typed and field.name.startswith(typed)
    ] or ([CompletionItem(f"{name}:", help=field.note) for name, field in FIELDS.items()] if not incomplete else [])


def complete_field(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG001
    """Names of fields that can be grouped by."""
    named = (field for field in FIELDS.values() if field.kind in (*_COUNTED, "flag"))
    return [CompletionItem(field.name, help=field.note) for field in named if field.name.startswith(incomplete)]


def _values(ctx: click.Context, name: str, typed: str, before: str) -> list[CompletionItem]:
    """Values of a field that begin with what is typed, after the words before them."""
    field = find(name.removeprefix("-"))
    if field is None:
        return []
    if field.kind == "flag":
        known = ["true", "false"]
    elif field.choices:
        known = list(field.choices)
    else:
        known = _observed(ctx, field.name) if field.kind in _COUNTED else []
    fits = (value for value in known if value.startswith(typed) and value.isprintable() and _PLAIN.fullmatch(value))
    return [CompletionItem(before + value) for value in fits][:_PROPOSALS]


def _observed(ctx: click.Context, name: str) -> list[str]:
    from onrecord.cli.reach import client_of  # noqa: PLC0415 - reach completes lines with this module
    from onrecord.query.results import Facets, Page  # noqa: PLC0415

    try:
        with contextlib.closing(client_of(ctx, timeout_s=_PATIENCE_S)) as client:
            page = client.read("/facets", Page[Facets], [("field", name), ("values", "200")])
        return [one.value for facets in page.rows for one in facets.values]
    except Exception:  # noqa: BLE001 - a shell is waiting, and nobody would see the error
        return []
