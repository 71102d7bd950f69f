"""Running a statement: formatted, checked, put behind its views, checked again, and run in its bounds.

Everything happens on one connection that can change nothing (``readonly`` 1) and whose every table is filtered to the
project by the engine as well. The engine looks at the clock between blocks, so blocks are small.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from onrecord.limits import SQL_BYTES, SQL_CHARACTERS, SQL_FILE_ROWS, SQL_ROWS, SQL_SECONDS
from onrecord.model.access import Level
from onrecord.model.project import Project
from onrecord.query.sql import views
from onrecord.query.sql.answer import SqlColumn
from onrecord.query.sql.port import Session
from onrecord.query.sql.reading import TREE_FORM, NotAllowed, check_text, check_tree
from onrecord.query.sql.resolved import check_resolved

_SETTINGS: Final[Mapping[str, Any]] = {
    "dialect": "clickhouse",
    "implicit_select": 0,
    "session_timezone": "UTC",
    "enable_analyzer": 1,
    "allow_ddl": 0,
    "allow_introspection_functions": 0,
    "log_queries": 0,
    "max_threads": 1,
    "max_block_size": 4_096,
    "max_execution_time": SQL_SECONDS,
    "timeout_overflow_mode": "throw",
    "max_memory_usage": SQL_BYTES,
    "function_range_max_elements_in_block": 1_000_000,
    "max_query_size": 262_144,
    "max_parser_depth": 200,
    "max_ast_depth": 200,
    "max_ast_elements": 5_000,
    "max_expanded_ast_elements": 20_000,
    "max_subquery_depth": 30,
    "max_recursive_cte_evaluation_depth": 1,
    # Nothing of a result is written to disk on the way.
    "max_bytes_before_external_group_by": 0,
    "max_bytes_ratio_before_external_group_by": 0,
    "max_bytes_before_external_sort": 0,
    "max_bytes_ratio_before_external_sort": 0,
    "join_algorithm": "hash",
    "do_not_merge_across_partitions_select_final": 1,
    "output_format_parquet_string_as_string": 1,
    # Rows come as JSON: instants in UTC as RFC 3339, what is no text replaced, numbers as they are.
    "date_time_output_format": "iso",
    "print_pretty_type_names": 0,
    "output_format_json_validate_utf8": 1,
    "output_format_json_escape_forward_slashes": 0,
    "output_format_json_named_tuples_as_objects": 1,
    "output_format_json_quote_64bit_integers": 0,
    "output_format_json_quote_decimals": 0,
    "output_format_json_quote_denormals": 0,
}
_READABLE: Final = ("\n", "\t", "\r")
_WITH: Final = re.compile(r"WITH\s")


def settings_of(database: str, project: Project, form: str = "") -> dict[str, Any]:
    """What a connection for one statement is opened with; without a ``form``, to read it and not to run it.

    The engine makes a subquery of what it is to limit, and its tree of that leaves out the windows of ``OVER``.
    """
    bound = {**_SETTINGS, "additional_table_filters": views.filters(database, project)}
    # One row more than is shown, so that it is known whether there are more.
    rows = (SQL_ROWS if form == "table" else SQL_FILE_ROWS) + 1
    return {**bound, "limit": rows} if form else bound


def prepared(session: Session, statement: str, project: Project, level: Level) -> str:
    """The text that runs for a statement.

    Raises:
        NotAllowed: something of it is not on the lists. EngineFault: it is no statement, or does not fit the views.
    """
    text = session.rows("SELECT formatQuery({statement:String})", {"statement": _typed(statement)})[0][0]
    check_text(text)
    check_tree(_lines(session, f"EXPLAIN AST {text}"))
    whole = _behind(views.scoped(session.database, project, level), text)
    check_resolved(_lines(session, f"EXPLAIN QUERY TREE {whole}"), session.database, level)
    return whole


def columns_of(session: Session, whole: str) -> tuple[SqlColumn, ...]:
    """The columns that a prepared statement answers; raises ``EngineFault``."""
    described = _lines(session, f"DESCRIBE TABLE ({whole})", "JSONCompactEachRow")
    return tuple(SqlColumn(*msgspec.json.decode(line)[:2]) for line in described)


def _lines(session: Session, sql: str, form: str = TREE_FORM) -> list[str]:
    """A tree as the engine prints it; no name in it holds a line feed, ``check_text`` has seen to that."""
    return session.encoded(sql, form).decode("utf-8", "replace").rstrip("\n").split("\n")


def _typed(statement: str) -> str:
    if len(statement) > SQL_CHARACTERS:
        raise NotAllowed(f"A statement has at most {SQL_CHARACTERS:,} characters.")
    if not all(one.isprintable() or one in _READABLE or one.isspace() for one in statement):
        raise NotAllowed("The statement holds control characters.")
    stripped = statement.strip().rstrip(";").strip()
    if not stripped:
        raise NotAllowed("Write a statement: SELECT ... FROM ...")
    return stripped


def _behind(scoped: str, text: str) -> str:
    """The statement behind its views. A parenthesis has no place for them, so it becomes a subquery."""
    if _WITH.match(text):
        return f"{scoped}, {text[5:]}"
    return f"{scoped} {text}" if text.startswith("SELECT") else f"{scoped} SELECT * FROM ({text})"
