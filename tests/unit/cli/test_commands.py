"""The command line: what each verb prints, to whom, and with which exit code it ends."""

import io
import json
from pathlib import Path

import pytest

from onrecord.cli.main import EX_SOFTWARE, EX_USAGE, main
from onrecord.errors import Corrupt


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as end:
        main(list(arguments))
    captured = capsys.readouterr()
    assert isinstance(end.value.code, int)
    return end.value.code, captured.out, captured.err


def test_help_names_every_verb_and_needs_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    code, said, _ = run(capsys, "--help")
    assert code == 0
    for verb in ("serve", "keys", "projects", "users", "verify", "erase", "rebuild", "doctor"):
        assert f"  {verb} " in said


@pytest.mark.parametrize(
    "arguments",
    [("nonsense",), ("serve", "--port", "many"), ("serve", "--nonsense"), ("keys", "create", "--scope", "x")],
)
def test_a_wrong_command_line_is_64(capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]) -> None:
    assert run(capsys, *arguments)[0] == EX_USAGE


def test_a_key_is_printed_once_and_listed_without_itself(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    where = ("--data", str(tmp_path / "data"))
    code, secret, _ = run(capsys, "keys", "create", "--scope", "read", "--note", "board", *where)
    assert (code, secret.count("\n")) == (0, 1)
    _, listed, _ = run(capsys, "keys", "list", *where)
    key = json.loads(listed)
    assert (key["scopes"], key["note"], key["project"]) == ("read", "board", "default")
    assert secret.strip() not in listed
    assert run(capsys, "keys", "revoke", key["id"], *where)[0] == 0
    code, _, said = run(capsys, "keys", "revoke", key["id"], *where)
    assert (code, "keys list" in said) == (EX_USAGE, True)


def test_a_person_gets_a_password_once_and_a_new_one_on_reset(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = ("--data", str(tmp_path / "data"))
    first = run(capsys, "users", "add", "ada", "--role", "owner", *where)[1]
    second = run(capsys, "users", "reset", "ada", *where)[1]
    assert first != second
    listed = json.loads(run(capsys, "users", "list", *where)[1])
    assert (listed["name"], listed["roles"]) == ("ada", "owner of all projects")
    assert "/login?token=" in run(capsys, "users", "link", "ada", *where)[1]
    monkeypatch.setattr("sys.stdin", io.StringIO("\n"))
    code, _, said = run(capsys, "users", "reset", "ada", "--password-stdin", *where)
    assert (code, "holds no password" in said) == (EX_USAGE, True)
    assert run(capsys, "users", "remove", "ada", *where)[0] == 0
    assert run(capsys, "users", "reset", "ada", *where)[0] == EX_USAGE


def test_doctor_says_what_is_wrong_and_what_to_do(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    (data / "keys.db").write_bytes(b"")
    code, said, _ = run(capsys, "doctor", "--data", str(data), "--port", "1")
    findings = {finding["about"]: finding for finding in map(json.loads, said.splitlines())}
    assert code == 1
    assert findings["key-encryption key"]["state"] == "bad"
    assert "recovery code" in findings["key-encryption key"]["what to do"]
    assert findings["server"]["state"] == "warn"


def test_what_needs_a_running_server_says_so(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, _, said = run(capsys, "erase", "--user", "alice", "--yes", "--data", str(tmp_path))
    assert (code, "onrecord serve" in said) == (EX_SOFTWARE, True)


def test_a_fault_says_its_kind_and_none_of_its_words(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("alice@example.org")

    monkeypatch.setattr("onrecord.control.apikeys.every", fail)
    code, _, said = run(capsys, "keys", "list", "--data", str(tmp_path / "data"))
    assert (code, "ZeroDivisionError" in said, "alice" in said) == (EX_SOFTWARE, True, False)


def test_damage_is_70(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise Corrupt("The file is altered.", hint="Restore it.")

    monkeypatch.setattr("onrecord.control.apikeys.every", fail)
    code, _, said = run(capsys, "keys", "list", "--data", str(tmp_path / "data"))
    assert (code, "Restore it." in said) == (EX_SOFTWARE, True)


def test_what_a_project_does_is_set_and_listed(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    where = ("--data", str(tmp_path / "data"))
    assert run(capsys, "keys", "create", *where)[0] == 0
    assert run(capsys, "projects", "set", "default", "--on-log-failure", "block", *where)[0] == 0
    _, listed, _ = run(capsys, "projects", "list", *where)
    rows = {row["name"]: row for row in map(json.loads, listed.splitlines())}
    assert (rows["default"]["on_log_failure"], rows["system"]["on_log_failure"]) == ("block", "pass")
    assert run(capsys, "projects", "set", "nobody", "--on-log-failure", "pass", *where)[0] == EX_USAGE
