"""People: passwords, links, sessions, roles, and the bound on guessing."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Engine

from onrecord import limits
from onrecord.config import ProjectDefaults
from onrecord.control import projects, users
from onrecord.control.caller import Caller
from onrecord.control.logins import Logins
from onrecord.control.roles import ALL_PROJECTS, Role
from onrecord.control.secrets import Passwords, new_password
from onrecord.errors import Denied, Missing, Rejected
from onrecord.model.access import Level
from onrecord.model.project import Project
from onrecord.model.time import FixedClock

PASSWORD = "correct horse"
PEER = "127.0.0.1"


@pytest.fixture
def logins(engine: Engine, passwords: Passwords, clock: FixedClock, project: Project) -> Logins:
    users.add(engine, passwords, clock, name="ada", password=PASSWORD, role=Role.OWNER, project=ALL_PROJECTS)
    return Logins(engine, passwords, clock)


def test_the_right_password_begins_a_session_that_says_who_it_is(logins: Logins, project: Project) -> None:
    login = logins.by_password("ada", PASSWORD, PEER)
    caller = logins.caller(login.token)
    assert (caller.name, caller.is_person, caller.project("default")) == ("ada", True, project)


@pytest.mark.parametrize(("name", "password"), [("ada", "wrong"), ("bob", PASSWORD), ("", ""), ("ada", "")])
def test_a_wrong_name_and_a_wrong_password_get_the_same_answer(logins: Logins, name: str, password: str) -> None:
    with pytest.raises(Denied) as refusal:
        logins.by_password(name, password, PEER)
    assert (refusal.value.status, refusal.value.message) == (401, "Name or password is wrong.")


def test_a_user_without_a_password_gets_in_by_link_only(
    engine: Engine, logins: Logins, passwords: Passwords, clock: FixedClock
) -> None:
    users.add(engine, passwords, clock, name="eve", password="", role=Role.READER, project=ALL_PROJECTS)
    with pytest.raises(Denied):
        logins.by_password("eve", "", PEER)
    assert logins.by_link(logins.make_link("eve"), PEER).caller.name == "eve"


def test_a_link_lets_in_once_and_within_the_hour(logins: Logins, clock: FixedClock) -> None:
    token = logins.make_link("ada")
    assert logins.by_link(token, PEER).caller.name == "ada"
    with pytest.raises(Denied):
        logins.by_link(token, PEER)
    late = logins.make_link("ada")
    clock.advance(limits.LOGIN_LINK_SECONDS * 1_000_000)
    with pytest.raises(Denied):
        logins.by_link(late, PEER)


def test_a_session_ends_by_itself_by_logging_out_and_by_a_reset(
    engine: Engine, logins: Logins, passwords: Passwords, clock: FixedClock
) -> None:
    def ended(token: str) -> bool:
        with pytest.raises(Denied):
            logins.caller(token)
        return True

    aged, left, reset = (logins.by_password("ada", PASSWORD, PEER).token for _ in range(3))
    logins.end(left)
    assert ended(left)
    users.reset(engine, passwords, "ada", "another password")
    assert ended(reset)
    aged = logins.by_password("ada", "another password", PEER).token
    clock.advance(limits.SESSION_SECONDS * 1_000_000)
    assert ended(aged)


def test_guessing_is_bounded_per_account_and_per_peer_and_only_for_a_while(logins: Logins, clock: FixedClock) -> None:
    for number in range(limits.LOGIN_ATTEMPTS):
        with pytest.raises(Denied, match="wrong"):
            logins.by_password("ada", "wrong", f"10.0.0.{number}")
    with pytest.raises(Denied) as refusal:
        logins.by_password("ada", PASSWORD, "10.9.9.9")
    assert refusal.value.status == 429
    for number in range(limits.LOGIN_ATTEMPTS):
        with pytest.raises(Denied):
            logins.by_password(f"user {number}", "wrong", PEER)
    with pytest.raises(Denied, match="Too many"):
        logins.by_link(logins.make_link("ada"), PEER)
    clock.advance(limits.LOGIN_WINDOW_S * 1_000_000)
    assert logins.by_password("ada", PASSWORD, PEER).caller.name == "ada"


def test_no_token_is_stored(logins: Logins, file: Path) -> None:
    tokens = [logins.by_password("ada", PASSWORD, PEER).token, logins.make_link("ada")]
    stored = b"".join(path.read_bytes() for path in file.parent.iterdir())
    assert [token for token in [*tokens, PASSWORD] if token.encode() in stored] == []


def test_a_role_opens_its_level_and_exact_content_needs_a_purpose(
    engine: Engine, passwords: Passwords, clock: FixedClock, project: Project
) -> None:
    def caller(role: Role) -> Caller:
        user = users.add(engine, passwords, clock, name=role, password="", role=role, project=project.id)
        return users.caller(engine, user.id)

    assert caller(Role.AUDITOR).access().level is Level.METADATA
    assert caller(Role.READER).access().level is Level.PSEUDONYMISED
    exact = caller(Role.EXACT)
    assert exact.access().level is Level.PSEUDONYMISED, "exact content is never given unasked"
    with pytest.raises(Denied, match="purpose"):
        exact.access(level=Level.EXACT)
    assert exact.access(level=Level.EXACT, purpose="complaint 7").level is Level.EXACT
    with pytest.raises(Denied):
        exact.require_owner(project.id)


def test_a_project_that_is_not_ones_own_is_missing_and_not_denied(
    engine: Engine, passwords: Passwords, clock: FixedClock, project: Project
) -> None:
    other = projects.create(engine, "Other", ProjectDefaults(), clock)
    user = users.add(engine, passwords, clock, name="bob", password="", role=Role.READER, project=project.id)
    caller = users.caller(engine, user.id)
    assert caller.access().projects == {project.id}
    for name in (other.id, "Other", "system", "nothing"):
        with pytest.raises(Missing):
            caller.access(name)


def test_a_user_who_was_removed_is_logged_out(engine: Engine, logins: Logins) -> None:
    token = logins.by_password("ada", PASSWORD, PEER).token
    users.remove(engine, "ada")
    with pytest.raises(Denied):
        logins.caller(token)
    with pytest.raises(Missing):
        users.remove(engine, "ada")


def test_names_are_unique_and_passwords_long_enough(
    engine: Engine, logins: Logins, passwords: Passwords, clock: FixedClock
) -> None:
    for name, password in (("ada", PASSWORD), ("", PASSWORD), ("bob", "short")):
        with pytest.raises(Rejected):
            users.add(engine, passwords, clock, name=name, password=password, role=Role.READER, project=ALL_PROJECTS)


def test_a_password_that_we_make_is_long_enough_and_never_the_same() -> None:
    made = {new_password() for _ in range(100)}
    assert len(made) == 100
    assert {len(password) for password in made} == {23}


def test_guesses_sent_at_once_do_not_outrun_their_count(logins: Logins) -> None:
    def guess(_: int) -> int:
        try:
            logins.by_password("ada", "wrong", PEER)
        except Denied as refusal:
            return refusal.status
        return 200

    with ThreadPoolExecutor(limits.LOGIN_ATTEMPTS * 3) as pool:
        answers = list(pool.map(guess, range(limits.LOGIN_ATTEMPTS * 3)))
    assert answers.count(401) == limits.LOGIN_ATTEMPTS
    assert answers.count(429) == limits.LOGIN_ATTEMPTS * 2
