"""The rules of the house, enforced: sizes, docstrings, names, no module state, nothing that nobody uses."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
SOURCE: Final = ROOT / "src" / "onrecord"
FILE_LINES: Final = 400
FUNCTION_LINES: Final = 60
BANNED_NAMES: Final = {"utils", "util", "common", "core", "helpers", "helper", "manager", "managers", "misc", "base"}
ENTRY_POINTS: Final = re.compile(r"onrecord(\.cli\.\w+|\.\w+\.__main__)?")
"""Modules that nobody imports by name: the verbs of the command line, and what ``python -m`` starts."""


def files(*folders: str) -> list[Path]:
    found = [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]
    return [path for path in found if "Generated" not in path.read_text("utf-8").partition("\n")[0]]


OURS: Final = files("src", "tests", "bench")
MODULES: Final = files("src")


def shown(path: Path) -> str:
    return str(path.relative_to(ROOT))


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT / "src").with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def imported(path: Path) -> set[str]:
    """Everything that a file imports, as dotted names: ``from a import b`` counts as ``a`` and ``a.b``."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize("path", OURS, ids=shown)
def test_a_file_is_short_and_says_what_it_is_for(path: Path) -> None:
    text = path.read_text("utf-8")
    assert len(text.splitlines()) <= FILE_LINES
    assert ast.get_docstring(ast.parse(text)), "a module begins with what it is for"


@pytest.mark.parametrize("path", OURS, ids=shown)
def test_a_function_fits_on_a_page(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    long = {
        node.name: lines
        for node in functions(tree)
        if (lines := (node.end_lineno or node.lineno) - node.lineno + 1) > FUNCTION_LINES
    }
    assert long == {}


@pytest.mark.parametrize("path", MODULES, ids=shown)
def test_names_say_what_a_thing_is(path: Path) -> None:
    assert {path.stem, *path.relative_to(SOURCE).parts} & BANNED_NAMES == set()


@pytest.mark.parametrize("path", MODULES, ids=shown)
def test_a_module_has_no_state(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    assert [node.lineno for node in ast.walk(tree) if isinstance(node, ast.Global)] == []


@pytest.mark.parametrize("path", [path for path in MODULES if path.name == "__init__.py"], ids=shown)
def test_a_package_file_only_reexports(path: Path) -> None:
    allowed = (ast.Import, ast.ImportFrom, ast.Expr)
    body = ast.parse(path.read_text("utf-8")).body
    rest = [node for node in body if not isinstance(node, allowed) and "__all__" not in ast.unparse(node)]
    assert rest == []


def test_every_module_is_used_by_somebody() -> None:
    used = {name for path in OURS for name in imported(path) if path in MODULES or "tests" not in path.parts}
    orphans = [
        module
        for path in MODULES
        if (module := module_of(path)) not in used and path.name != "__init__.py" and not ENTRY_POINTS.fullmatch(module)
    ]
    assert orphans == []


@pytest.mark.parametrize("path", MODULES, ids=shown)
def test_nothing_inside_imports_the_package_root(path: Path) -> None:
    packages = {module_of(module) for module in MODULES}
    own = {name for name in imported(path) if name.startswith("onrecord")}
    through_root = {name for name in own if name.count(".") == 1 and name not in packages} | (own & {"onrecord"})
    named = ast.parse(path.read_text("utf-8"))
    whole = [node for node in ast.walk(named) if isinstance(node, ast.Import)]
    assert not any(alias.name == "onrecord" for node in whole for alias in node.names)
    assert through_root <= {"onrecord"}, "only sub-packages are imported from the root"


@pytest.mark.parametrize("path", MODULES, ids=shown)
def test_only_the_configurations_of_server_and_client_read_the_environment(path: Path) -> None:
    if path not in {SOURCE / "config.py", SOURCE / "sdk" / "settings.py"}:
        assert not re.search(r"os\.(environ|getenv)", path.read_text("utf-8"))


def test_every_bound_is_used_where_something_is_bounded() -> None:
    bounds = {
        node.target.id
        for node in ast.parse((SOURCE / "limits.py").read_text("utf-8")).body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    }
    read: set[str] = set()
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                read.add(node.id)
            elif isinstance(node, ast.Attribute):
                read.add(node.attr)
    assert len(bounds) > 40
    assert bounds - read == set()
