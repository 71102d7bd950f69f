"""What a list looks at: search line, environment and time, all from the address, as one filter.

Pure but for the clock. The address is the whole state: ``q`` is the search line in the language of ``query.language``,
``env`` an environment, ``range`` a stretch up to now, ``from`` and ``to`` (microseconds, UTC) a zoomed stretch.
"""

import re
from collections.abc import Mapping
from typing import Final

import msgspec
from starlette.datastructures import QueryParams

from onrecord.errors import Rejected
from onrecord.query.filters import And, Compare, Filter, Or, Text, parse

RANGES: Final = {"1h": 3_600, "24h": 86_400, "7d": 604_800, "30d": 2_592_000, "all": 0}
"""Stretches up to now, in seconds; 0 is any time."""
RANGE_WORDS: Final = {
    "1h": "last hour",
    "24h": "last 24 h",
    "7d": "last 7 days",
    "30d": "last 30 days",
    "all": "any time",
}
DEFAULT_RANGE: Final = "7d"
TIME_FIELD: Final = "time"
_STEPS_S: Final = (1, 2, 5, 10, 30, 60, 120, 300, 600, 1_800, 3_600, 10_800, 21_600, 43_200, 86_400, 604_800, 2_592_000)
COLUMNS: Final = (
    "time", "input", "output", "error", "user", "session", "application", "environment", "model", "tokens", "cost",
    "latency", "spans", "ratings", "proof",
)  # fmt: skip
"""Columns of the list that can be chosen; status and name always stand there."""
USUAL: Final = (
    "time", "input", "output", "user", "model", "tokens", "cost", "latency", "spans", "ratings", "proof",
)  # fmt: skip
"""Those that stand there when nobody has chosen."""
BARS: Final = 72
"""Bars of a histogram, at most."""
_CHIP: Final = re.compile(r'-?[A-Za-z_][\w.]*(?:!=|<=|>=|[:=<>~])(?:"(?:[^"\\]|\\.)*"|[^\s"])+|-?"(?:[^"\\]|\\.)*"|\S+')
_FIELD: Final = re.compile(r"-?[A-Za-z_][\w.]*(?:!=|<=|>=|[:=<>~])")


class Chip(msgspec.Struct, frozen=True):
    """One condition of the search line, and the line without it."""

    text: str
    rest: str


class Looking(msgspec.Struct, frozen=True, kw_only=True):
    """What is looked at."""

    q: str = ""
    env: str = ""
    range: str = DEFAULT_RANGE
    since_us: int = 0
    """0: from the beginning."""
    until_us: int = 0
    """0: up to now."""
    zoomed: bool = False
    facets: bool = False
    """Whether the values to choose from stand beside the list."""
    columns: tuple[str, ...] = USUAL
    """Columns of the list, in the order of ``COLUMNS``."""
    where: Filter = And()
    terms: tuple[str, ...] = ()
    """Words and phrases to mark."""
    chips: tuple[Chip, ...] = ()
    kept: dict[str, str] = {}
    """Parameters of this page alone, such as what lines are drawn by."""

    @property
    def parameters(self) -> dict[str, str]:
        """The same as parameters of an address."""
        zoom = {"from_": str(self.since_us), "to": str(self.until_us)} if self.zoomed else {}
        span = {} if self.zoomed or self.range == DEFAULT_RANGE else {"range": self.range}
        facets = {"facets": "1"} if self.facets else {}
        columns = {} if self.columns == USUAL else {"cols": ".".join(self.columns)}
        return {"q": self.q, "env": self.env, **span, **zoom, **facets, **columns, **self.kept}

    @property
    def within(self) -> dict[str, str]:
        """The parameters that say which traces: what a trace's page keeps, to know its neighbours and the way back."""
        return {name: value for name, value in self.parameters.items() if name not in ("facets", "cols") and value}

    @property
    def timeless(self) -> dict[str, str]:
        """The parameters but the time, so that a bar can name another."""
        return {name: value for name, value in self.parameters.items() if name not in ("range", "from_", "to")}

    @property
    def others(self) -> dict[str, str]:
        """The parameters but the search line."""
        return {name: value for name, value in self.parameters.items() if name != "q"}

    @property
    def toggled(self) -> dict[str, str]:
        """The parameters with the values to choose from shown, or hidden when they are."""
        return {**self.parameters, "facets": "" if self.facets else "1"}

    def narrowed_to(self, condition: str) -> dict[str, str]:
        """The parameters with one more condition."""
        line = f"({self.q})" if " OR " in self.q else self.q
        return {**self.parameters, "q": f"{line} {condition}".strip()}

    @property
    def failures(self) -> dict[str, str]:
        """The parameters of those with a failed step, and why it failed where the answer would stand."""
        columns = [name for name in COLUMNS if name in {*self.columns, "error"} - {"output"}]
        return {**self.narrowed_to("status:error"), "cols": ".".join(columns)}

    def rows_of(self, condition: str, stretch: tuple[int, int] | None = None) -> dict[str, str]:
        """The parameters of a list of what a figure counts, all of it or one stretch of time (microseconds)."""
        found = {name: value for name, value in self.narrowed_to(condition).items() if name not in self.kept}
        if stretch is None:
            return found
        since_us, until_us = max(stretch[0], self.since_us), min(stretch[1], self.until_us or stretch[1])
        return {"q": found["q"], "env": self.env, "from_": str(since_us), "to": str(until_us)}

    @property
    def without_env(self) -> dict[str, str]:
        """The parameters but the environment."""
        return {name: value for name, value in self.parameters.items() if name != "env"}

    @property
    def narrowed(self) -> bool:
        """Whether anything but time is asked for."""
        return bool(self.q or self.env)


def looking(query: Mapping[str, str], now_us: int, *extra: Filter) -> Looking:
    """Read the address.

    Raises:
        Rejected: the search line or a number is malformed.
    """
    q, env = query.get("q", "").strip(), query.get("env", "")
    chosen = query.get("range", DEFAULT_RANGE)
    chosen = chosen if chosen in RANGES else DEFAULT_RANGE
    since_us, until_us = _instant(query, "from"), _instant(query, "to")
    zoomed = bool(since_us or until_us)
    if not zoomed and RANGES[chosen]:
        since_us = now_us - RANGES[chosen] * 1_000_000
    line = parse(q) if q else And()
    parts: list[Filter] = [*extra, *([line] if q else [])]
    if env:
        parts.append(Compare("environment", "=", env))
    if since_us:
        parts.append(Compare(TIME_FIELD, ">=", since_us))
    if until_us:
        parts.append(Compare(TIME_FIELD, "<", until_us))
    return Looking(
        q=q,
        env=env,
        range=chosen,
        since_us=since_us,
        until_us=until_us,
        zoomed=zoomed,
        facets=query.get("facets") == "1",
        columns=_columns(query),
        where=parts[0] if len(parts) == 1 else And(tuple(parts)),
        terms=terms_of(line),
        chips=chips_of(q),
    )


def terms_of(where: Filter) -> tuple[str, ...]:
    """What to mark in the rows: the texts that are searched for, not those that are left out."""
    if isinstance(where, Text):
        return tuple(where.text.split()) if where.kind == "words" else (where.text,)
    if isinstance(where, And | Or):
        return tuple(term for part in where.parts for term in terms_of(part))
    return ()


def chips_of(q: str) -> tuple[Chip, ...]:
    """The conditions of a search line, when it is a plain row of them; none when it groups or names alternatives."""
    pieces = _CHIP.findall(q)
    if "(" in q or " OR " in q or not any(_FIELD.match(piece) for piece in pieces):
        return ()
    return tuple(
        Chip(piece, " ".join(other for place, other in enumerate(pieces) if place != number))
        for number, piece in enumerate(pieces)
    )


def step_s(seconds: float) -> int:
    """The length of one bar, in seconds, so that a stretch has at most ``BARS``."""
    return next((step for step in _STEPS_S if seconds / step <= BARS), _STEPS_S[-1])


def _columns(query: Mapping[str, str]) -> tuple[str, ...]:
    """``time.input.cost`` as columns, or those a form ticked; what is none is left out, nothing is the usual."""
    ticked = query.getlist("col") if isinstance(query, QueryParams) else []
    chosen = {*query.get("cols", "").split("."), *ticked}
    return tuple(name for name in COLUMNS if name in chosen) or USUAL


def _instant(query: Mapping[str, str], name: str) -> int:
    text = query.get(name, "")
    if not text:
        return 0
    if not (text.isascii() and text.isdigit() and len(text) <= 17):  # noqa: PLR2004 - microseconds to year 5138
        raise Rejected(f"The parameter {name} of this address is not an instant in microseconds.")
    return int(text)


def condition_of(field: str, value: str) -> str:
    """``model:gpt-4o``, in quotes where the language needs them."""
    plain = re.fullmatch(r"[\w.@/:+-]+", value, re.ASCII)
    quoted = value.replace("\\", "\\\\").replace('"', '\\"')
    return f"{field}:{value}" if plain else f'{field}:"{quoted}"'
