"""The library: sealed documents, found by id and by name, gone with the person they were made from."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine, update

from onrecord import limits
from onrecord.control.library import Document, Library, Origin
from onrecord.control.schema import documents, open_control, transaction
from onrecord.errors import Corrupt, Rejected
from onrecord.keys.locator import Locators
from onrecord.model.project import Project
from onrecord.model.time import FixedClock


def key_of(project: Project, name: str) -> bytes:
    return f"{project.number}/{name}".encode().ljust(32, b"\0")


@pytest.fixture
def library(engine: Engine, clock: FixedClock) -> Library:
    return Library(engine, key_of, clock)


def greet(version: int = 1, text: str = "Say hello to Ada Lovelace") -> Document:
    return Document(kind="prompt", id=f"greet-{version}", name="greet", version=version, value={"text": text})


def test_a_document_comes_back_as_it_was_put(library: Library, project: Project, clock: FixedClock) -> None:
    kept = library.put(project, greet())
    assert library.get(project, "prompt", "greet-1") == kept
    assert kept.value == {"text": "Say hello to Ada Lovelace"}
    assert kept.created_us == kept.updated_us == clock.now_us()


def test_the_newest_version_answers_to_the_name(library: Library, project: Project) -> None:
    for version in (1, 3, 2):
        library.put(project, greet(version))
    found = library.named(project, "prompt", "greet")
    assert found is not None
    assert found.version == 3
    second = library.named(project, "prompt", "greet", 2)
    assert second is not None
    assert second.id == "greet-2"
    assert library.named(project, "prompt", "nobody") is None
    assert library.count(project, "prompt", name="greet") == 3


def test_a_version_that_is_put_again_replaces_its_text_and_keeps_its_age(
    library: Library, project: Project, clock: FixedClock
) -> None:
    first = library.put(project, greet())
    clock.advance(7_000_000)
    second = library.put(project, greet(text="other"))
    assert (second.created_us, second.updated_us) == (first.created_us, first.created_us + 7_000_000)
    assert library.every(project, "prompt") == [second]


def test_documents_of_a_parent_are_listed_in_the_order_of_making(
    library: Library, project: Project, clock: FixedClock
) -> None:
    for number in range(5):
        clock.advance(1)
        library.put(project, Document(kind="item", id=f"i{number}", parent="d" if number % 2 == 0 else "e"))
    assert [one.id for one in library.every(project, "item", parent="d")] == ["i0", "i2", "i4"]
    assert [one.id for one in library.every(project, "item", offset=1, limit=2)] == ["i1", "i2"]


def test_another_project_sees_nothing(library: Library, project: Project) -> None:
    library.put(project, greet())
    other = Project(id="0" * 16, number=project.number + 1, name="other")
    assert library.get(other, "prompt", "greet-1") is None
    assert library.every(other, "prompt") == []


def test_what_belongs_to_a_document_goes_with_it(library: Library, project: Project) -> None:
    library.put(project, Document(kind="dataset", id="d"))
    library.put(project, Document(kind="item", id="i", parent="d"))
    assert library.remove(project, "dataset", "d") == 2
    assert library.every(project, "item") == []


def test_no_word_of_a_document_stands_in_the_file(tmp_path: Path, project: Project, clock: FixedClock) -> None:
    engine = open_control(tmp_path / "file" / "control.db")
    Library(engine, key_of, clock).put(project, greet(), Origin(user_id="ada@example.com", trace_id="trace-of-ada"))
    engine.dispose()
    held = b"".join(path.read_bytes() for path in (tmp_path / "file").iterdir())
    assert [word for word in (b"greet", b"Lovelace", b"ada@example.com", b"trace-of-ada") if word in held] == []


@pytest.mark.parametrize(
    "origin",
    [Origin(user_id="ada"), Origin(trace_id="t1"), Origin(user_id="ada", trace_id="t9")],
    ids=["of the person", "of a trace of theirs", "of both"],
)
def test_what_was_made_from_a_person_is_erased_with_them(library: Library, project: Project, origin: Origin) -> None:
    locators = Locators(key_of(project, "locator"))
    library.put(project, greet(1), origin)
    kept = library.put(project, greet(2), Origin(user_id="bob", trace_id="t2"))
    library.retire(project, 7, locators.user("ada"), [locators.trace("t1")])
    assert library.erase(7) == 1
    assert library.every(project, "prompt") == [kept]
    assert library.erase(7) == 0


def test_a_document_made_from_nobody_outlives_everybody(library: Library, project: Project) -> None:
    kept = library.put(project, greet())
    library.retire(project, 7, Locators(key_of(project, "locator")).user("ada"), [])
    library.erase(7)
    assert library.every(project, "prompt") == [kept]


@pytest.mark.parametrize(
    "damage",
    [lambda body: body[:-1] + bytes([body[-1] ^ 1]), lambda body: body[:20], lambda _: b""],
    ids=["a flipped byte", "cut off", "emptied"],
)
def test_an_altered_document_is_said_to_be(
    library: Library, project: Project, engine: Engine, damage: Callable[[bytes], bytes]
) -> None:
    library.put(project, greet())
    with transaction(engine) as connection:
        (body,) = connection.execute(documents.select().with_only_columns(documents.c.body)).scalars()
        connection.execute(update(documents).values(body=damage(body)))
    with pytest.raises(Corrupt):
        library.get(project, "prompt", "greet-1")


def test_a_document_that_is_too_large_is_refused(library: Library, project: Project) -> None:
    with pytest.raises(Rejected):
        library.put(project, greet(text="x" * limits.DOCUMENT_BYTES))
