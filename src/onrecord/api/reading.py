"""From a request to a ``Question``: parameters are read against the operation's table, and an unknown one is named.

Nothing that was typed is repeated in an error but the name of a parameter.
"""

import re
from collections.abc import Sequence
from typing import Final

from starlette.requests import Request

from onrecord.api.operation import AFTER, FROM, LIMIT, NOWHERE, PROJECT, TO, Operation, Question, parameters_of
from onrecord.api.port import Services
from onrecord.control.caller import Caller
from onrecord.errors import Rejected
from onrecord.model.access import Access, Level
from onrecord.model.project import Project
from onrecord.query.filters import everything_of, from_parameters
from onrecord.query.results import PageRequest
from onrecord.query.syntax import Filter

_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.]{0,63}")
_PAIRS: Final = 200
"""Query parameters of one request."""
_WHOLE: Final = re.compile(r"[0-9]{1,9}")


def read_question(request: Request, operation: Operation, services: Services, caller: Caller) -> Question:
    """What ``request`` asks.

    Raises:
        Rejected: a parameter is not known, not understood, or missing. Denied, Missing: of ``Caller.access``.
    """
    pairs = request.query_params.multi_items()
    if len(pairs) > _PAIRS:
        raise Rejected(f"The request has more than {_PAIRS} parameters.")
    known = {parameter.name: parameter for parameter in parameters_of(operation)}
    values: dict[str, tuple[str, ...]] = {}
    rest: list[tuple[str, str]] = []
    for name, value in pairs:
        if name not in known:
            rest.append((name, value))
        elif name in values and not known[name].repeated:
            raise Rejected(f"The parameter '{name}' is given more than once.")
        else:
            values[name] = (*values.get(name, ()), value)
    _check(operation, values)
    project = project_of(caller, values.get(PROJECT.name, ())) if operation.scoped else NOWHERE
    nothing = Access(actor=caller.actor, projects=frozenset((NOWHERE.id,)), level=Level.METADATA)
    return Question(
        services=services,
        caller=caller,
        project=project,
        access=_access(caller, project, values) if operation.scoped else nothing,
        path={name: str(request.path_params[name]) for name in operation.path_names},
        values=values,
        where=_filter(operation, rest, values),
        page=_page(values),
    )


def project_of(caller: Caller, named: Sequence[str]) -> Project:
    """The project that is named, or the only one that the caller has.

    Raises:
        Missing: it is not one that the caller may see. Rejected: there are several and none is named.
    """
    return caller.chosen(named[0] if named else "")


def whole(name: str, text: str) -> int:
    """The whole number that a parameter holds.

    Raises:
        Rejected: it holds none.
    """
    if not _WHOLE.fullmatch(text):
        raise Rejected(f"The parameter '{name}' is a whole number.")
    return int(text)


def shown(name: str) -> str:
    """A parameter's name, when it is one."""
    return f"'{name}'" if _NAME.fullmatch(name) else "of that name"


def _check(operation: Operation, values: dict[str, tuple[str, ...]]) -> None:
    for parameter in parameters_of(operation):
        given = values.get(parameter.name, ())
        if parameter.required and not given:
            raise Rejected(f"The parameter '{parameter.name}' is missing.", hint=f"{parameter.note}.")
        if parameter.choices and any(value not in parameter.choices for value in given):
            raise Rejected(f"The parameter '{parameter.name}' is one of {', '.join(parameter.choices)}.")
        if parameter.whole:
            for value in given:
                whole(parameter.name, value)


def _filter(operation: Operation, rest: Sequence[tuple[str, str]], values: dict[str, tuple[str, ...]]) -> Filter:
    if not operation.filtered:
        if rest:
            raise Rejected(
                f"There is no parameter {shown(rest[0][0])} here.",
                hint="The parameters are listed in /api/v1/openapi.json.",
            )
        return everything_of([])
    bounds = [
        from_parameters([(field, values[name][0])])
        for name, field in ((FROM.name, "time__gte"), (TO.name, "time__lt"))
        if name in values
    ]
    return everything_of([from_parameters(rest), *bounds])


def _page(values: dict[str, tuple[str, ...]]) -> PageRequest:
    limit = values.get(LIMIT.name)
    after = values.get(AFTER.name, ("",))[0]
    return PageRequest(limit=whole(LIMIT.name, limit[0]), after=after) if limit else PageRequest(after=after)


def _access(caller: Caller, project: Project, values: dict[str, tuple[str, ...]]) -> Access:
    word = values.get("content", ("",))[0]
    level = Level[word.upper()] if word else None
    return caller.access(project.id, level=level, purpose=values.get("purpose", ("",))[0].strip())
