"""Reading the store: one SELECT with bound values, read-only, bounded in time, memory and rows.

Tables that keep revisions are read as ``SPANS`` and ``SCORES``: the newest revision of each row, whether or not the
engine has merged the older ones away. Reading the table without ``FINAL`` may show a span twice; do not.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from onrecord.store.client import Store

SPANS: Final = "spans FINAL"
"""Spans, each once, in its newest revision."""
SCORES: Final = "scores FINAL"
"""Judgements, each record once. The same client id again is a further record: ``LATEST_SCORES`` has the newest."""
LATEST_SCORES: Final = """(
    SELECT * FROM scores FINAL
    WHERE project = {project:String}
    ORDER BY shard DESC, idx DESC
    LIMIT 1 BY if(score_id = '', concat(toString(shard), ':', toString(idx), ':', toString(ordinal)), score_id)
)"""
"""Judgements; of those with the same client id the one received last. Bind ``project``."""
TRACE_NAMES: Final = "trace_names"
"""(project, field, value, trace_id): which traces a user, session or tenant is named in. Use it with ``IN``: a pair
may stand there more than once until the engine has merged."""


class Answer(msgspec.Struct, frozen=True):
    """What a SELECT answered."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]

    def dicts(self) -> Iterator[dict[str, Any]]:
        """Each row by column name."""
        for row in self.rows:
            yield dict(zip(self.columns, row, strict=True))


def select(
    store: Store, sql: str, parameters: Mapping[str, Any] | None = None, settings: Mapping[str, Any] | None = None
) -> Answer:
    """Run one SELECT. Values are bound by name and type, ``{user:String}``; never put one into ``sql``.

    ``settings`` may narrow the limits of ``client.READER_SETTINGS``.

    Raises:
        Unavailable: it took too long or too much memory, or the store does not answer.
        Refused: the statement is at fault.
    """
    answer = store.query(sql, parameters, settings)
    return Answer(tuple(answer.column_names), [tuple(row) for row in answer.result_rows])
