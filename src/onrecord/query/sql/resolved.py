"""What the engine says a statement would read, every name resolved (``EXPLAIN QUERY TREE``): judged line by line.

Again a list of what is allowed: kinds of nodes, the tables of the store, and of their columns only those that the
views of this reader are made of. So a statement that got a name past the reading of its text would still not get at
a column that its reader does not have.
"""

import re
from collections.abc import Sequence
from typing import Final

from onrecord.model.access import Level
from onrecord.query.sql.reading import NotAllowed
from onrecord.query.sql.views import VIEWS, columns_read, names

_NODE: Final = re.compile(r" *([A-Z][A-Z_ ]*) id: \d+\b.*")
_TABLE: Final = re.compile(r" *TABLE id: (\d+), (?:alias: __table\d+, )?table_name: ([\w.]+)(?:, final: 1)?")
_COLUMN: Final = re.compile(r" *COLUMN id: \d+, (?:alias: __\w+, )?column_name: (.*?), .*source_id: (\d+)")
_NODES: Final = frozenset((
    "ARGUMENT", "ARGUMENTS", "ARRAY_JOIN", "COLUMN", "CONSTANT", "CROSS JOIN", "CROSS_JOIN", "FUNCTION", "INTERPOLATE",
    "JOIN", "LAMBDA", "LIST", "QUERY", "SORT", "TABLE", "UNION", "WINDOW",
))  # fmt: skip
_ONE_ROW: Final = "system.one"
"""What the engine reads for a SELECT without FROM: one row, always the same."""


def check_resolved(lines: Sequence[str], database: str, level: Level) -> None:
    """Judge a resolved statement.

    Raises:
        NotAllowed: it would read something else than what the views of this level are made of.
    """
    allowed: dict[str, frozenset[str] | None] = {
        f"{database}.{table}": read for table, read in columns_read(level).items()
    }
    allowed[_ONE_ROW] = None
    columns_of: dict[str, frozenset[str] | None] = {}
    for line in lines:
        node = _NODE.fullmatch(line)
        if node is None and not line.lstrip().startswith("TABLE id"):
            continue
        if node is None or node[1] not in _NODES:
            raise NotAllowed(_ELSEWHERE)
        if node[1] == "TABLE":
            found = _TABLE.fullmatch(line)
            if found is None or found[2] not in allowed:
                raise NotAllowed(_ELSEWHERE)
            columns_of[found[1]] = allowed[found[2]]
    for line in lines:
        found = _COLUMN.fullmatch(line)
        if found is None:
            if line.lstrip().startswith("COLUMN id"):
                raise NotAllowed(_ELSEWHERE)
            continue
        columns = columns_of.get(found[2])
        if columns is not None and found[1].partition(".")[0] not in columns:
            raise NotAllowed(_ELSEWHERE)


_ELSEWHERE: Final = f"The statement reads something else than the views: {names(VIEWS)}."
