"""Environments of real client packages: one for each file of ``requirements/``, made when it is first needed.

``<name>.txt`` is a virtual environment of pinned Python packages, ``<name>.json`` a folder of pinned npm packages; both
lie in ``.cache/`` and are made anew when their file changes. Several test processes may ask at once: one makes, the
others wait.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).resolve().parents[2]
REQUIREMENTS: Final = Path(__file__).resolve().parent / "requirements"
APPS: Final = Path(__file__).resolve().parent / "apps"
CACHE: Final = ROOT / ".cache"
INSTALL_SECONDS: Final = 600
RUN_SECONDS: Final = 180


def is_node(name: str) -> bool:
    """Whether an environment is one of npm packages."""
    return (REQUIREMENTS / f"{name}.json").exists()


def home(name: str) -> Path:
    """Where an environment lies."""
    return CACHE / ("node" if is_node(name) else "venvs") / name


def install(name: str) -> None:
    """Make the environment that ``requirements/`` pins, unless it is there."""
    pins = REQUIREMENTS / f"{name}.{'json' if is_node(name) else 'txt'}"
    digest = hashlib.sha256(pins.read_bytes()).hexdigest()
    mark = home(name) / ".made-from"
    with _alone(name):
        if mark.exists() and mark.read_text("ascii") == digest:
            return
        home(name).mkdir(parents=True, exist_ok=True)
        if is_node(name):
            shutil.copy(pins, home(name) / "package.json")
            _run("npm", "install", "--no-audit", "--no-fund", "--silent", cwd=home(name))
        else:
            if not (home(name) / "bin" / "python").exists():
                _run(_uv(), "venv", "-q", "--clear", "--python", sys.executable, home(name))
            _run(_uv(), "pip", "install", "-q", "--python", home(name) / "bin" / "python", "-r", pins)
        mark.write_text(digest, "ascii")


def ready(name: str) -> None:
    """Make an environment for a test, or skip the test and say why it can not be had here."""
    if is_node(name) and shutil.which("npm") is None:
        pytest.skip("Node.js with npm is not installed")
    try:
        install(name)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        pytest.skip(f"the packages of {name} can not be installed here")


def run(name: str, app: str, *arguments: str, variables: Mapping[str, str]) -> "subprocess.CompletedProcess[str]":
    """Run ``apps/<app>`` inside an environment; its variables and nothing of ours but the search path.

    Fails the test with what the client printed when it ends with an error.
    """
    ready(name)
    environment = {"PATH": os.environ["PATH"], "HOME": str(CACHE), "PYTHONPATH": str(ROOT), **variables}
    if is_node(name):
        place = home(name)
        shutil.copy(APPS / f"{app}.mjs", place / f"{app}.mjs")
        command = ["node", f"{app}.mjs", *arguments]
    else:
        place = ROOT
        command = [str(home(name) / "bin" / "python"), "-m", f"tests.compat.apps.{app}", *arguments]
    done = subprocess.run(
        command, cwd=place, env=environment, capture_output=True, timeout=RUN_SECONDS, text=True, check=False
    )
    assert done.returncode == 0, f"{app} in {name} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


@contextmanager
def _alone(name: str) -> Iterator[None]:
    CACHE.mkdir(exist_ok=True)
    with (CACHE / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _run(*command: str | Path, cwd: Path | None = None) -> None:
    subprocess.run([str(part) for part in command], check=True, cwd=cwd, timeout=INSTALL_SECONDS)


def _uv() -> Path:
    """The uv beside this interpreter (``make`` installs it there), else one of its own, from PyPI."""
    beside = Path(sys.executable).with_name("uv")
    if beside.exists():
        return beside
    own = CACHE / "uv"
    if not (own / "bin" / "uv").exists():
        _run(sys.executable, "-m", "venv", own)
        _run(own / "bin" / "pip", "install", "-q", "uv")
    return own / "bin" / "uv"
