"""Operations: what one address of the API takes and gives. The table of them is ``table.py``.

An operation is data: routing, the reading of parameters and the OpenAPI document all come from it, so that none of them
can say something that the others do not.
"""

from collections.abc import Callable
from typing import Any, Final

import msgspec

from onrecord.api.port import Services
from onrecord.control.caller import Caller
from onrecord.model.access import Access
from onrecord.model.project import Project
from onrecord.query.results import PageRequest
from onrecord.query.syntax import EVERYTHING, Filter

NOWHERE: Final = Project(id="", number=0, name="")
"""The project of an operation that reads none; no engine knows it."""


class Parameter(msgspec.Struct, frozen=True, kw_only=True):
    """One query parameter that is not a filter."""

    name: str
    note: str
    required: bool = False
    repeated: bool = False
    """May be given more than once."""
    choices: tuple[str, ...] = ()
    whole: bool = False
    """A whole number."""


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """One request, understood."""

    services: Services
    caller: Caller
    project: Project
    access: Access
    path: dict[str, str]
    values: dict[str, tuple[str, ...]] = {}
    """Parameters of the operation, by name."""
    where: Filter = EVERYTHING
    page: PageRequest = PageRequest()

    def value(self, name: str, default: str = "") -> str:
        """The last value of a parameter."""
        return self.values[name][-1] if self.values.get(name) else default


Handler = Callable[[Question], Any]
JSON: Final = "application/json"


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """One address."""

    name: str
    """The OpenAPI ``operationId``."""
    path: str
    """Below ``/api/v1``, path parameters in braces."""
    summary: str
    handler: Handler
    result: Any
    """Type of the answer, or ``bytes`` for a file."""
    parameters: tuple[Parameter, ...] = ()
    filtered: bool = False
    """Takes filters."""
    paged: bool = False
    """Takes ``limit`` and ``after``."""
    scoped: bool = True
    """Reads one project."""
    media_type: str = JSON
    method: str = "GET"
    """``POST`` changes something, and takes its parameters from the address like every other."""
    immutable: bool = False
    """The answer of one address changes seldom, and holds no content: it has an entity tag."""

    @property
    def path_names(self) -> tuple[str, ...]:
        """Names of the path's parameters."""
        return tuple(piece[1:-1] for piece in self.path.split("/") if piece.startswith("{"))


LIMIT: Final = Parameter(name="limit", note="Rows of one page", whole=True)
AFTER: Final = Parameter(name="after", note="Cursor: `next` of the page before")
PROJECT: Final = Parameter(name="project", note="Id or name of the project; needed when you may see several")
FROM: Final = Parameter(name="from", note="Began at or after: 2026-11-23, 2026-11-23T08:00:00Z or -24h")
TO: Final = Parameter(name="to", note="Began before")


def parameters_of(operation: Operation) -> tuple[Parameter, ...]:
    """Every query parameter of an operation but the filters."""
    return (
        *((PROJECT,) if operation.scoped else ()),
        *((LIMIT, AFTER) if operation.paged else ()),
        *((FROM, TO) if operation.filtered else ()),
        *operation.parameters,
    )
