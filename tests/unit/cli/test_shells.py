"""Completion in the shells themselves: what a person gets who presses Tab. A shell that is not installed is a skip."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from onrecord.cli.completion import VARIABLE

BASH = """
source "$1"; COMP_WORDS=(onrecord $2); COMP_CWORD=$(( ${#COMP_WORDS[@]} - 1 ))
_onrecord_completion onrecord; printf '%s\\n' "${COMPREPLY[@]}"
"""
ZSH = """
compdef() { :; }; _describe() { print -rl -- "${(@P)3}"; }; compadd() { print -rl -- "${(@P)@[-1]}"; }
source "$1"; words=(onrecord ${=2}); CURRENT=${#words}; _onrecord_completion
"""
"""The two words of zsh's completion that the script ends in are replaced: they need a terminal and a person."""
FISH = 'source $argv[1]; complete -C "onrecord $argv[2]"'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A directory with ``onrecord`` in it, the first of the search path."""
    command = tmp_path / "onrecord"
    command.write_text(f"#!{sys.executable}\nfrom onrecord.cli.main import main\nmain()\n")
    command.chmod(0o755)
    return tmp_path


def completed(folder: Path, shell: str, line: str) -> list[str]:
    """What the shell offers for the end of a line, first words only."""
    found = shutil.which(shell)
    if found is None:
        pytest.skip(f"{shell} is not installed (apt-get install {shell})")
    environment = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}", "HOME": str(folder)}
    environment.pop(VARIABLE, None)
    source = folder / "completion"
    source.write_bytes(
        subprocess.run(["onrecord", "completion", shell], capture_output=True, check=True, env=environment).stdout
    )
    asked = {
        "bash": [found, "--norc", "-c", BASH, "bash", str(source), line],
        "zsh": [found, "-f", "-c", ZSH, "zsh", str(source), line],
        "fish": [found, "--no-config", "-c", FISH, str(source), line],
    }[shell]
    told = subprocess.run(asked, capture_output=True, text=True, check=False, env=environment, timeout=60)
    return [re.split(r"\\?:|\t", one)[0] for one in told.stdout.splitlines()] or [told.stderr]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
@pytest.mark.parametrize(
    ("line", "offered", "not_offered"),
    [("trac", "traces", "search"), ("export --aft", "--after", "--limit"), ("search stat", "status", "model")],
)
def test_a_shell_completes_a_command_an_option_and_a_field(
    folder: Path, shell: str, line: str, offered: str, not_offered: str
) -> None:
    found = completed(folder, shell, line)
    assert offered in found, found
    assert not_offered not in found, found
