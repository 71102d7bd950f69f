"""A small world to ask questions of: real tables in the in-process engine, real rows, a real ledger, two projects."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from onrecord.errors import Missing
from onrecord.ledger.entry import span_entry
from onrecord.ledger.ledgers import Ledgers
from onrecord.ledger.lock import CheckpointLock
from onrecord.ledger.reader import LedgerReader, read_directory
from onrecord.ledger.signer import create_signer
from onrecord.model.access import Access, Level
from onrecord.model.derive import system_texts
from onrecord.model.ids import new_id
from onrecord.model.media import Media
from onrecord.model.message import Message, Part
from onrecord.model.project import Project
from onrecord.model.record import Place, RecordFacts
from onrecord.model.score import Score
from onrecord.model.span import Span
from onrecord.model.time import FixedClock
from onrecord.privacy.pseudonym import Pseudonyms
from onrecord.privacy.screen import Screen
from onrecord.privacy.skeleton import prompt_version
from onrecord.query.engine import Engine
from onrecord.query.port import Read
from onrecord.store.client import Store
from onrecord.store.read import select
from onrecord.store.row import score_line, span_line, stamp
from onrecord.store.writer import Writer
from onrecord.vault.completeness import read_project

SHARD = 2026
NOW_US = 1_795_000_000_000_000
OURS = Project(id="aaaa000000000001", number=1, name="ours")
THEIRS = Project(id="bbbb000000000002", number=2, name="theirs")


class Lens(msgspec.Struct, frozen=True):
    pseudonyms: Pseudonyms
    screen: Screen


def lens_of(number: int) -> Lens:
    pseudonyms = Pseudonyms(f"key of project {number:04}".encode())
    return Lens(pseudonyms, Screen(pseudonyms))


LENSES = {project.number: lens_of(project.number) for project in (OURS, THEIRS)}


class World:
    """Tables, a vault of spans in memory, ledgers on disk, and what was recorded about reads."""

    def __init__(self, store: Store, root: Path) -> None:
        self.clock = FixedClock(NOW_US)
        self.store = store
        self.writer = Writer(store, self.clock)
        self.spans: dict[tuple[int, Place], Span] = {}
        self.media_kept: dict[tuple[int, Place], Media] = {}
        self.reads: list[tuple[Access, Read]] = []
        self.statements: list[str] = []
        self.refuse_reads = False
        self.blocks = 0
        self.next_index = {OURS.id: 0, THEIRS.id: 0}
        self.root = root
        self.ledgers = Ledgers(
            root=root / "ledger", host="localhost", node="n1", signing=root / "signing",
            lock=CheckpointLock(root / "checkpoints.db"),
        )  # fmt: skip
        for project in (OURS, THEIRS):
            create_signer(root / "signing", project.id)
        self.engine = Engine(
            store=self._select,
            projects={project.id: project for project in (OURS, THEIRS)}.get,
            lenses=LENSES.__getitem__,
            ledgers=self._readers,
            producers=lambda project, limit: read_project(root / "vault", project.number, limit),
            vault=self,
            record_access=self._record,
            clock=self.clock,
        )

    def close(self) -> None:
        self.ledgers.lock.close()

    def keep(
        self, spans: Iterable[Span], project: Project = OURS, *, facts: Mapping[str, Any] | None = None
    ) -> list[Place]:
        """Keep spans as ingest does: screened, one row each, newest turn only; the answer is where they stand."""
        places, lines = [], []
        for span in spans:
            place = Place(SHARD, self.next_index[project.id])
            self.next_index[project.id] += 1
            self.spans[project.number, place] = span
            lines.append(self.line(span, place, 0, project, facts))
            places.append(place)
        self._insert("spans", lines)
        return places

    def revise(self, place: Place, span: Span, revision: int, project: Project = OURS) -> None:
        """A later part of a span came."""
        self.spans[project.number, place] = span
        self._insert("spans", [self.line(span, place, revision, project)])

    def judge(self, score: Score, project: Project = OURS) -> Place:
        """Keep a score."""
        place = Place(SHARD, self.next_index[project.id])
        self.next_index[project.id] += 1
        masked = LENSES[project.number].screen.score(score)[1]
        self._insert(
            "scores", [stamp(score_line(masked, self._facts(place, project, None)), place, 0, NOW_US + place.index)]
        )
        return place

    def publish(self, project: Project = OURS) -> None:
        """Enter all that is kept into the ledger and sign it."""
        writer = self.ledgers.writer(project.id, SHARD)
        for index in range(writer.size, self.next_index[project.id]):
            span = self.spans.get((project.number, Place(SHARD, index)), Span(trace_id="", span_id=""))
            writer.add(index, span_entry(span, id=new_id(), received_us=NOW_US + index, commitment=bytes(32)))
        self.ledgers.publish([writer])

    def read(self, project: int, place: Place) -> Span:
        """The vault, exact."""
        if (project, place) not in self.spans:
            raise Missing("the content of this record is not in the vault", hint="It was erased or has expired.")
        return self.spans[project, place]

    def masked(self, project: int, place: Place) -> Span:
        """The vault, pseudonymised."""
        span, screen = self.read(project, place), LENSES[project].screen
        bare = screen.span(msgspec.structs.replace(span, input=(), output=(), tools=()))[1]
        return msgspec.structs.replace(
            bare,
            input=tuple(screen.message(one)[1] for one in span.input),
            output=tuple(screen.message(one)[1] for one in span.output),
        )

    def media_place(self, project: int, trace_id: str, media_id: str) -> Place:
        """Where a medium stands."""
        for (number, at), one in self.media_kept.items():
            if (number, one.trace_id, one.id) == (project, trace_id, media_id):
                return at
        raise Missing("this medium is not kept")

    def media(self, project: int, place: Place) -> Media:
        """A medium."""
        return self.media_kept[project, place]

    def line(
        self, span: Span, place: Place, revision: int, project: Project, facts: Mapping[str, Any] | None = None
    ) -> bytes:
        """The row of a span."""
        assert self.spans[project.number, place] is span
        masked = self.masked(project.number, place)
        version = prompt_version(b"key of prompts", system_texts(span))
        made = span_line(masked, self._facts(place, project, facts), (), version)
        return stamp(made, place, revision, self._facts(place, project, facts).received_us)

    def _facts(self, place: Place, project: Project, facts: Mapping[str, Any] | None) -> RecordFacts:
        plain = RecordFacts(
            project=project.id, record_id=f"r{place.index}", kind="span", received_us=NOW_US + place.index,
            mode="full", retention="standard",
        )  # fmt: skip
        return msgspec.structs.replace(plain, **(facts or {}))

    def _insert(self, table: str, lines: Sequence[bytes]) -> None:
        self.blocks += 1
        assert self.writer.insert(table, lines, f"block {self.blocks}") == 0

    def _select(self, sql: str, parameters: Mapping[str, Any]) -> Sequence[Sequence[Any]]:
        self.statements.append(sql)
        return select(self.store, sql, parameters).rows

    def _readers(self, project: Project) -> Sequence[tuple[int, LedgerReader]]:
        directory = self.ledgers.origin(project.id, SHARD).directory(self.ledgers.root)
        return [(SHARD, LedgerReader(read_directory(directory)))] if directory.is_dir() else []

    def _record(self, access: Access, read: Read) -> None:
        if self.refuse_reads:
            raise OSError("the disk is full")
        self.reads.append((access, read))


def reader(*projects: Project, level: Level = Level.PSEUDONYMISED, purpose: str = "") -> Access:
    """Somebody who may read these projects."""
    ids = frozenset(project.id for project in projects or (OURS,))
    return Access(actor="reader", projects=ids, level=level, purpose=purpose)


def said(role: str, text: str) -> Message:
    """A message of one text."""
    return Message(role=role, parts=(Part(text=text),))


def trace_id(number: int) -> str:
    """A trace id."""
    return f"{number:032x}"


def span_id(number: int) -> str:
    """A span id."""
    return f"{number:016x}"


def step(trace: int, number: int, parent: int = 0, **more: Any) -> Span:
    """A span of a trace; starts ``number`` milliseconds after it and takes 100 ms."""
    start = NOW_US * 1_000 + trace * 1_000_000_000 + number * 1_000_000
    fields: dict[str, Any] = {
        "trace_id": trace_id(trace), "span_id": span_id(trace * 1_000 + number), "name": f"step {number}",
        "parent_id": span_id(trace * 1_000 + parent) if parent else "", "status": "ok",
        "start_unix_nano": start, "end_unix_nano": start + 100_000_000,
    }  # fmt: skip
    return Span(**{**fields, **more})
