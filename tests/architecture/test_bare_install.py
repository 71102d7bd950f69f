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
    "arguments",
    [
        ("--help",), ("--version",), ("verify", "--help"), ("import", "--help"), ("traces", "--help"),
        ("show", "--help"), ("search", "--help"), ("stats", "--help"), ("sessions", "--help"), ("people", "--help"),
        ("tail", "--help"), ("export", "--help"), ("completion", "bash"),
    ],
    ids=" ".join,
)  # fmt: skip
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


RECORDING = """
import sys, pathlib, tempfile
exec({blocker!r})
import onrecord
assert not [name for name in sys.modules if name.startswith("opentelemetry")], "importing alone stays light"
onrecord.init(endpoint="http://127.0.0.1:9", spool=tempfile.mkdtemp(), exit_seconds=0)

@onrecord.trace
def add(a, b):
    return a + b

assert add(1, 2) == 3
assert onrecord.status()["taken"] == 1, onrecord.status()
server = {{"onrecord.server", "onrecord.ingest", "onrecord.model", "starlette", "google", "click"}}
assert not server & set(sys.modules), server & set(sys.modules)
"""


def test_the_client_records_without_the_servers_packages() -> None:
    blocker = BARE.format(blocked=server_packages(), arguments=[]).partition("from onrecord")[0]
    code = RECORDING.format(blocker=blocker)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr


def test_completeness_is_verified_without_the_servers_packages(tmp_path: Path) -> None:
    (tmp_path / "vault").mkdir()
    done = bare("verify", "--completeness", str(tmp_path))
    assert (done.returncode, done.stderr) == (0, "")
    assert "0 producers, 0 gaps, 0 declared drops" in done.stdout
