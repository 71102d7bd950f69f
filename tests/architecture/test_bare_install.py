"""``pip install onrecord`` without the server: the client and the offline verifier start, and say what is missing."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BARE = """
import importlib.abc, sys

class Missing(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if any(name == one or name.startswith(f"{{one}}.") for one in {blocked!r}):
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Missing())
from onrecord.cli.main import main
main({arguments!r})
"""
IMPORT_NAMES = {
    "argon2-cffi": "argon2", "backports-zstd": "backports", "clickhouse-connect": "clickhouse_connect",
    "google-re2": "re2", "opentelemetry-proto": "opentelemetry.proto", "phonenumberslite": "phonenumbers",
    "prometheus-client": "prometheus_client", "markdown-it-py": "markdown_it", "protobuf": "google",
    "python-stdnum": "stdnum",
}  # fmt: skip


def server_packages() -> set[str]:
    """Top-level names of everything that only the extra ``server`` installs."""
    extra = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]["server"]
    names = [line.partition(";")[0].partition(">")[0].partition("=")[0].strip() for line in extra]
    return {IMPORT_NAMES.get(name, name.replace("-", "_")) for name in names}


def bare(*arguments: str) -> "subprocess.CompletedProcess[str]":
    code = BARE.format(blocked=server_packages(), arguments=list(arguments))
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize(
    "arguments", [("--help",), ("--version",), ("verify", "--help"), ("import", "--help")], ids=" ".join
)
def test_what_needs_no_server_starts_without_its_packages(arguments: tuple[str, ...]) -> None:
    done = bare(*arguments)
    assert (done.returncode, done.stderr) == (0, "")


def test_verify_reads_a_directory_without_the_servers_packages(tmp_path: Path) -> None:
    done = bare("verify", str(tmp_path))
    assert "server" not in done.stderr
    assert done.returncode in range(1, 65), done.stderr


def test_what_needs_the_server_names_the_line_that_installs_it(tmp_path: Path) -> None:
    done = bare("keys", "list", "--data", str(tmp_path / "data"))
    assert done.returncode == 64
    assert "pip install 'onrecord[server]'" in done.stderr
