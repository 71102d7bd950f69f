"""API keys: shown once, stored as a digest, known at once and gone at once, also from another process."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from onrecord.control import apikeys
from onrecord.control.keyring import Keyring
from onrecord.control.roles import Role, Scope
from onrecord.control.schema import open_control
from onrecord.errors import Denied, Missing, Rejected
from onrecord.model.access import Level
from onrecord.model.project import Project
from onrecord.model.time import FixedClock

WRITE = (Scope.WRITE,)


@pytest.fixture
def keyring(engine: Engine, file: Path, project: Project) -> Iterator[Keyring]:
    keyring = Keyring(engine, file)
    yield keyring
    keyring.close()


def test_the_key_itself_is_stored_nowhere(engine: Engine, file: Path, project: Project, clock: FixedClock) -> None:
    _, secret = apikeys.create(engine, project, WRITE, clock)
    assert secret.startswith(f"or_{project.id}_")
    stored = b"".join(path.read_bytes() for path in file.parent.iterdir())
    assert secret.removeprefix(f"or_{project.id}_").encode() not in stored


def test_a_key_writes_into_its_project_and_reads_only_with_the_scope(
    engine: Engine, keyring: Keyring, project: Project, clock: FixedClock
) -> None:
    _, writes = apikeys.create(engine, project, WRITE, clock)
    _, reads = apikeys.create(engine, project, (Scope.READ,), clock, "dashboard")
    assert keyring.writer(writes) == project
    assert keyring.reader(reads).roles == {project.id: Role.READER}
    for refused in (lambda: keyring.writer(reads), lambda: keyring.reader(writes)):
        with pytest.raises(Denied) as refusal:
            refused()
        assert refusal.value.status == 403


def test_a_reading_key_never_opens_exact_content_and_an_admin_key_does(
    engine: Engine, keyring: Keyring, project: Project, clock: FixedClock
) -> None:
    _, reads = apikeys.create(engine, project, (Scope.READ,), clock)
    _, rules = apikeys.create(engine, project, (Scope.ADMIN,), clock)
    with pytest.raises(Denied):
        keyring.reader(reads).access(level=Level.EXACT, purpose="support case")
    assert keyring.reader(rules).access(level=Level.EXACT, purpose="support case").level is Level.EXACT


def test_a_key_that_another_process_makes_or_revokes_is_known_at_the_next_request(
    keyring: Keyring, file: Path, project: Project, clock: FixedClock
) -> None:
    other = open_control(file)
    assert keyring.keyless_project() == project
    key, secret = apikeys.create(other, project, WRITE, clock)
    assert keyring.keyless_project() is None
    assert keyring.writer(secret) == project
    apikeys.revoke(other, key.id, clock)
    with pytest.raises(Denied) as refusal:
        keyring.writer(secret)
    other.dispose()
    assert refusal.value.status == 401
    assert keyring.keyless_project() is None, "revoking the only key must not open the door again"


@pytest.mark.parametrize("key", ["", "or_", "or_x_y", "é"])
def test_a_key_that_nobody_made_is_401(keyring: Keyring, key: str) -> None:
    with pytest.raises(Denied) as refusal:
        keyring.writer(key)
    assert refusal.value.status == 401


def test_nobody_gets_a_key_to_write_into_the_reserved_project(engine: Engine, clock: FixedClock) -> None:
    system = Project(id="system", number=1, name="system")
    with pytest.raises(Rejected):
        apikeys.create(engine, system, WRITE, clock)
    with pytest.raises(Rejected):
        apikeys.create(engine, system, (), clock)


def test_a_key_is_revoked_once(engine: Engine, project: Project, clock: FixedClock) -> None:
    key, _ = apikeys.create(engine, project, WRITE, clock)
    apikeys.revoke(engine, key.id, clock)
    with pytest.raises(Missing):
        apikeys.revoke(engine, key.id, clock)
    assert apikeys.every(engine)[0].revoked_us == clock.now_us()
