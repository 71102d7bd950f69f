"""Invented rows for the store's tests."""

from collections.abc import Iterable, Sequence

from onrecord.model.message import Message, Part
from onrecord.model.record import Place, RecordFacts
from onrecord.model.span import Span, Usage
from onrecord.store.client import Store
from onrecord.store.row import span_line, stamp

PROJECT = "c0ffee0000000001"
NOVEMBER_US = 1_795_000_000_000_000


def line(index: int, *, revision: int = 0, received_us: int = NOVEMBER_US, said: str = "", **fields: object) -> bytes:
    """The stamped row of span ``index``; two neighbours share a trace."""
    span = Span(
        trace_id=str(fields.pop("trace_id", f"{index // 2:032x}")),
        span_id=f"{index:016x}",
        input=(Message("user", (Part(text=said),)),) if said else (),
        usage=Usage(input=index, output=1),
        **fields,  # type: ignore[arg-type]
    )
    facts = RecordFacts(
        project=PROJECT,
        record_id=f"{index:022d}",
        kind="span",
        received_us=received_us,
        mode="full",
        retention="standard",
    )
    return stamp(span_line(span, facts, (), ""), Place(2026, index), revision, received_us)


def indexes(store: Store, where: str = "1") -> list[int]:
    """Which spans fit, each as often as the store shows it."""
    rows = store.query(f"SELECT idx FROM spans FINAL WHERE {where} ORDER BY idx").result_rows
    return [row[0] for row in rows]


class Group:
    """A spool group in memory."""

    def __init__(self, identifier: int, rows: Iterable[tuple[str, bytes]]) -> None:
        self.id = identifier
        self._rows = list(rows)

    def rows(self) -> Sequence[tuple[str, bytes]]:
        return self._rows


class Spool:
    """A spool in memory: groups of rows, trimmed by hand."""

    def __init__(self) -> None:
        self.groups: list[Group] = []

    def add(self, *lines: bytes, table: str = "spans") -> int:
        identifier = self.groups[-1].id + 1 if self.groups else 1
        self.groups.append(Group(identifier, [(table, one) for one in lines]))
        return identifier

    def read(self, after: int, limit: int) -> Sequence[Group]:
        return [group for group in self.groups if group.id > after][:limit]
