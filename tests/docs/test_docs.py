"""The documents are true: what they must name they name, what they link to is there."""

import re
import tomllib
from pathlib import Path

import pytest

from onrecord.cli.main import VERBS, Verbs
from onrecord.model.record import RECORD_KINDS

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def read(page: str) -> str:
    return (ROOT / page).read_text()


def requirements() -> list[str]:
    """The name of every package that an installation or a developer gets."""
    extras = PROJECT["project"]["optional-dependencies"]
    lists = [PROJECT["project"]["dependencies"], *extras.values(), *PROJECT["dependency-groups"].values()]
    return sorted({re.split(r"[<>=!;\[ ]", one)[0] for group in lists for one in group if isinstance(one, str)})


@pytest.mark.parametrize("package", requirements())
def test_every_dependency_says_why_it_is_there(package: str) -> None:
    assert re.search(rf"\b{re.escape(package)}\b", read("docs/dependencies.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text()):
        if not re.match(r"[a-z]+:", target):
            assert (page.parent / target).exists(), target


@pytest.mark.parametrize("kind", RECORD_KINDS)
def test_every_kind_of_record_is_described(kind: str) -> None:
    assert f"`{kind}`" in read("docs/format/entry.md")


@pytest.mark.parametrize("verb", Verbs().list_commands(None))  # type: ignore[arg-type]
def test_every_verb_is_described(verb: str) -> None:
    assert f"onrecord {verb}" in "".join(
        map(read, ("docs/operations.md", "docs/cli.md", "docs/security.md", "README.md"))
    )


def test_no_verb_is_promised_that_is_not_there() -> None:
    assert set(VERBS) == set(Verbs().list_commands(None))  # type: ignore[arg-type]


@pytest.mark.parametrize("target", re.findall(r"make (\w+)", read("README.md")))
def test_every_make_target_of_the_readme_exists(target: str) -> None:
    assert re.search(rf"^{target}:", read("Makefile"), re.MULTILINE)


@pytest.mark.parametrize("page", sorted((ROOT / "docs" / "adr").glob("0*.md")), ids=lambda page: page.stem)
def test_every_decision_is_listed_with_its_status(page: Path) -> None:
    assert f"]({page.name})" in read("docs/adr/README.md")
    assert re.search(r"^(\*\*)?Status:", page.read_text(), re.MULTILINE)


def test_no_page_names_a_machine_or_a_path_of_one() -> None:
    for page in PAGES:
        assert not re.search(r"(?<![\w/])/(?:work|root|tmp/plan)/", page.read_text()), page
