"""Nobody reads without an Access, and nobody reads another project's data: every function of the engine is tried."""

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest

import onrecord.query
from onrecord.errors import Corrupt, Denied, Missing
from onrecord.model.access import Access, Level
from onrecord.model.project import Project
from onrecord.model.record import Place
from onrecord.model.score import Score
from onrecord.privacy.skeleton import prompt_version
from onrecord.query.engine import Engine
from onrecord.query.filters import parse
from onrecord.query.scope import View, enter
from tests.contract.query_world import OURS, THEIRS, World, reader, said, span_id, step, trace_id

pytestmark = pytest.mark.chdb

SECRET = "theirsecretword"
THEIR_PROMPT = prompt_version(b"key of prompts", ("their prompt",))


def noted(engine: Engine, access: Access, project: str) -> str:
    """Put something on the record, which answers nothing."""
    engine.note(access, project, "mcp.get_trace", ())
    return "noted"


QUESTIONS: dict[str, Callable[[Engine, Access, str], Any]] = {
    "traces": lambda engine, access, project: engine.traces(access, project),
    "spans": lambda engine, access, project: engine.spans(access, project),
    "details": lambda engine, access, project: engine.details(access, project),
    "opened": lambda engine, access, project: engine.opened(access, project, engine.spans(access, project).rows),
    "scores": lambda engine, access, project: engine.scores(access, project, "trace", [trace_id(1)]),
    "completeness": lambda engine, access, project: engine.completeness(access, project),
    "running": lambda engine, access, project: engine.running(access, project),
    "trace": lambda engine, access, project: engine.trace(access, project, trace_id(7)),
    "span": lambda engine, access, project: engine.span(access, project, trace_id(7), span_id(7_001)),
    "steps": lambda engine, access, project: engine.steps(
        access, project, engine.trace(access, project, trace_id(7)), (span_id(7_001),)
    ),
    "export": lambda engine, access, project: engine.export(access, project),
    "note": noted,
    "compare": lambda engine, access, project: engine.compare(
        access, project, (trace_id(7), span_id(7_001)), (trace_id(7), span_id(7_002))
    ),
    "neighbours": lambda engine, access, project: engine.neighbours(access, project, trace_id(7)),
    "beside": lambda engine, access, project: engine.beside(access, project, trace_id(1)) or trace_id(7),
    "complete": lambda engine, access, project: engine.complete(access, project, "appl"),
    "step_media": lambda engine, access, project: (
        len(engine.step_media(access, project, engine.span(access, project, trace_id(7), span_id(7_001)))) + 1
    ),
    "trace_content": lambda engine, access, project: engine.trace_content(access, project, trace_id(7)),
    "ledgers": lambda engine, access, project: engine.ledgers(access, project),
    "sessions": lambda engine, access, project: engine.sessions(access, project),
    "session": lambda engine, access, project: engine.session(access, project, "their session"),
    "users": lambda engine, access, project: engine.users(access, project),
    "search": lambda engine, access, project: engine.search(access, project, parse(SECRET)),
    "aggregate": lambda engine, access, project: engine.aggregate(
        access, project, ("count", "traces", "users"), group_by=("application",), interval_s=60
    ),
    "charts": lambda engine, access, project: engine.charts(access, project, "application"),
    "prompts": lambda engine, access, project: engine.prompts(access, project),
    "prompt": lambda engine, access, project: engine.prompt(access, project, THEIR_PROMPT),
    "facets": lambda engine, access, project: engine.facets(access, project, ("application", "tag", "metadata.k")),
    "tail": lambda engine, access, project: engine.tail(access, project, "WyJwIiwwLDBd"),
    "counts": lambda engine, access, project: engine.counts(access, project),
    "first_us": lambda engine, access, project: engine.first_us(access, project),
    "overview": lambda engine, access, project: engine.overview(access, project),
    "narrowed": lambda engine, access, project: engine.narrowed(access, project, parse(SECRET)),
    "heads": lambda engine, access, project: engine.heads(access, project),
    "proof": lambda engine, access, project: engine.proof(access, project, Place(2026, 3)),
    "tlog_proof": lambda engine, access, project: engine.tlog_proof(access, project, Place(2026, 3)),
}
EXACT: dict[str, Callable[[Engine, Access, str], Any]] = {
    "step_medium": lambda engine, access, project: engine.step_medium(
        access, project, (trace_id(7), span_id(7_001)), 1
    ),
    "media": lambda engine, access, project: engine.media(access, project, trace_id(7), "face"),
}
"""What answers with exact content only; ``test_query_content`` asks it with the right."""


@pytest.fixture(scope="module")
def world(shared_world: World) -> World:
    """Ours has three records, theirs four; nothing of theirs is like ours, but for ids that are equal on purpose."""
    shared_world.keep([step(1, number, application="our shop", user_id="our user") for number in (1, 2, 3)])
    theirs: dict[str, Any] = {
        "application": "their shop", "user_id": "their user", "session_id": "their session", "tags": ("their tag",),
        "metadata": {"k": "their value"}, "input": (said("system", "their prompt"), said("user", SECRET)),
        "running": True,
    }  # fmt: skip
    shared_world.keep([step(7, number, **theirs) for number in (1, 2)], THEIRS)
    shared_world.keep([step(1, 9, **theirs)], THEIRS)
    shared_world.judge(Score(name="their score", value=0.1, trace_id=trace_id(1)), THEIRS)
    shared_world.publish(OURS)
    shared_world.publish(THEIRS)
    return shared_world


def public_functions() -> list[str]:
    return [name for name, _ in inspect.getmembers(Engine, inspect.isfunction) if not name.startswith("_")]


def test_every_public_function_of_the_engine_takes_an_access_first_and_a_project_second() -> None:
    assert set(public_functions()) == {*QUESTIONS, *EXACT}
    for name in public_functions():
        _, access, project, *_ = inspect.signature(getattr(Engine, name)).parameters.values()
        assert (access.annotation, project.annotation) == (Access, str), name
        assert access.default is project.default is inspect.Parameter.empty, name


def test_the_engine_is_the_only_thing_in_the_package_that_opens_a_view() -> None:
    root = Path(onrecord.query.__path__[0])
    openers = {path.name for path in root.rglob("*.py") if re.search(r"(?<!_)\benter\(", path.read_text())}
    assert openers == {"scope.py", "entrance.py"}


@pytest.mark.parametrize("name", [*QUESTIONS, *EXACT])
def test_a_reader_of_one_project_gets_nothing_out_of_another(world: World, name: str) -> None:
    with pytest.raises(Missing, match="no such project"):
        (QUESTIONS | EXACT)[name](world.engine, reader(OURS), THEIRS.id)


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_question_about_our_project_never_answers_with_theirs(world: World, name: str) -> None:
    try:
        answer = QUESTIONS[name](world.engine, reader(OURS), OURS.id)
    except Missing:
        return
    encoded = msgspec.json.encode(answer)
    assert b"their" not in encoded
    assert b'"spans":4' not in encoded
    assert THEIRS.id.encode() not in encoded


@pytest.mark.parametrize("name", QUESTIONS)
def test_the_same_question_about_their_project_has_an_answer_for_who_may_read_it(world: World, name: str) -> None:
    assert QUESTIONS[name](world.engine, reader(OURS, THEIRS), THEIRS.id)


def test_a_trace_id_that_both_projects_use_shows_each_its_own_spans(world: World) -> None:
    assert world.engine.trace(reader(OURS), OURS.id, trace_id(1)).trace.spans == 3
    assert world.engine.trace(reader(THEIRS), THEIRS.id, trace_id(1)).trace.spans == 1


def test_every_statement_that_was_sent_binds_the_project_to_each_table(world: World) -> None:
    for question in QUESTIONS.values():
        with suppress(Missing):
            question(world.engine, reader(THEIRS), THEIRS.id)
    assert len(world.statements) > len(QUESTIONS)
    for sql in world.statements:
        tables = sum(sql.count(f"FROM {table}") for table in ("spans", "scores", "trace_names"))
        assert tables == sql.count("WHERE project = {project:String}") > 0, sql


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1",
        "SELECT count() FROM spans",
        "SELECT count() FROM spans WHERE 1",
        "SELECT count() FROM spans WHERE project = {project:String} OR 1",
        "SELECT count() FROM spans AS s WHERE project = {project:String}",
        "SELECT count() FROM spans WHERE project = {project:String} AND trace_id IN (SELECT trace_id FROM scores)",
        "SELECT count() FROM spans WHERE project = {project:String} UNION ALL SELECT 1 FROM system.tables",
        "SELECT count() FROM spans, scores WHERE project = {project:String}",
        "SELECT count() FROM url('http://example.com') WHERE project = {project:String}",
    ],
)
def test_a_statement_that_would_read_more_than_one_project_is_not_sent(sql: str) -> None:
    def store(*_: object) -> list[tuple[object, ...]]:
        raise AssertionError("it was sent")

    view = enter(store, {OURS.id: OURS}.get, reader(), OURS.id)
    with pytest.raises(Corrupt):
        view.select(sql, {})


def test_the_project_of_a_view_can_not_be_overridden_by_a_parameter() -> None:
    asked: list[object] = []

    def store(_: str, values: Mapping[str, Any]) -> Sequence[Sequence[Any]]:
        asked.append(values["project"])
        return []

    view = View(OURS, Level.EXACT, reader(), store)
    view.select("SELECT 1 FROM spans WHERE project = {project:String} AND 1", {"project": THEIRS.id})
    assert asked == [OURS.id]


def test_a_project_that_exists_for_nobody_looks_like_one_that_is_not_there(world: World) -> None:
    def sentence(access: Access, project: str) -> str:
        with pytest.raises(Missing) as caught:
            world.engine.traces(access, project)
        return str(caught.value)

    unknown = Project(id="cccc000000000003", number=3, name="")
    assert sentence(reader(), THEIRS.id) == sentence(reader(unknown), unknown.id) == sentence(reader(), "")


def test_a_reader_of_metadata_sees_no_text_and_may_not_search_in_it(world: World) -> None:
    access = reader(THEIRS, level=Level.METADATA)
    for name in set(QUESTIONS) - {"search", "narrowed", "facets"}:
        encoded = msgspec.json.encode(QUESTIONS[name](world.engine, access, THEIRS.id))
        assert SECRET.encode() not in encoded, name
        assert b"their tag" not in encoded, name
        assert b"their value" not in encoded, name
    for text in (SECRET, '"a phrase"', "metadata.k:x", "-tag:x", "error_message~x", "(kind:llm OR *part*)"):
        with pytest.raises(Denied):
            world.engine.traces(access, THEIRS.id, parse(text))
    for field in ("tag", "metadata.k"):
        with pytest.raises(Denied):
            world.engine.facets(access, THEIRS.id, (field,))
        with pytest.raises(Denied):
            world.engine.aggregate(access, THEIRS.id, group_by=(field,))
    assert world.engine.traces(access, THEIRS.id, parse("kind:span running:true")).rows
