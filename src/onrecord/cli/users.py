"""``onrecord users``: who may log in. Works beside a running server."""

import sys
from pathlib import Path
from typing import Any

import click

from onrecord.cli.options import read, settings_options
from onrecord.cli.say import say, say_rows
from onrecord.control import projects, users
from onrecord.control.logins import Logins
from onrecord.control.roles import ALL_PROJECTS, Role
from onrecord.control.schema import opened
from onrecord.control.secrets import Passwords, new_password
from onrecord.errors import Rejected
from onrecord.model.time import SystemClock, iso_of

_SETTINGS = ("data", "host", "port")
_stdin = click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")


@click.group("users")
def command() -> None:
    """Add people, let them in again, remove them."""


@command.command("add")
@click.argument("name")
@click.option(
    "--role",
    default=Role.READER.value,
    show_default=True,
    type=click.Choice([role.value for role in Role]),
    help="See above.",
)
@click.option("--project", default=ALL_PROJECTS, help="Id or name of the one project; all by default.")
@_stdin
@settings_options(_SETTINGS)
def add(config_file: Path | None, name: str, role: str, project: str, *, password_stdin: bool, **given: Any) -> None:
    """Add a person and print the password, once.

    owner sees everything and manages; exact sees content as it was sent; reader sees it pseudonymised; auditor sees
    no content.
    """
    settings, clock = read(config_file, given), SystemClock()
    password = _password(from_stdin=password_stdin)
    with opened(settings.control_file) as control:
        projects.ensure_first(control, settings.project, clock)
        where = project if project == ALL_PROJECTS else projects.get(control, project).id
        users.add(control, Passwords(), clock, name=name, password=password, role=Role(role), project=where)
    _tell(password, from_stdin=password_stdin)


@command.command("reset")
@click.argument("name")
@_stdin
@settings_options(_SETTINGS)
def reset(config_file: Path | None, name: str, *, password_stdin: bool, **given: Any) -> None:
    """Give a person a new password and print it, once; all their logins end."""
    password = _password(from_stdin=password_stdin)
    with opened(read(config_file, given).control_file) as control:
        users.reset(control, Passwords(), name, password)
    _tell(password, from_stdin=password_stdin)


@command.command("link")
@click.argument("name")
@settings_options(_SETTINGS)
def link(config_file: Path | None, name: str, **given: Any) -> None:
    """Print a link that lets a person in once, within the hour."""
    settings = read(config_file, given)
    with opened(settings.control_file) as control:
        token = Logins(control, Passwords(), SystemClock()).make_link(name)
    say(f"{settings.listen.url()}/login?token={token}")


@command.command("remove")
@click.argument("name")
@settings_options(_SETTINGS)
def remove(config_file: Path | None, name: str, **given: Any) -> None:
    """Remove a person; all their logins end."""
    with opened(read(config_file, given).control_file) as control:
        users.remove(control, name)
    say("The user is removed.")


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="JSON lines, also on a terminal.")
@settings_options(_SETTINGS)
def list_(config_file: Path | None, *, as_json: bool, **given: Any) -> None:
    """List the people who may log in, and what they may see."""
    with opened(read(config_file, given).control_file) as control:
        names = {project.id: project.name for project in projects.every(control)} | {ALL_PROJECTS: "all projects"}
        rows = [
            (
                user.name,
                ", ".join(f"{role} of {names.get(where, where)}" for where, role in user.roles.items()),
                iso_of(user.created_us),
                iso_of(user.last_login_us) if user.last_login_us else "",
            )
            for user in users.every(control)
        ]
    say_rows(("name", "roles", "created", "last login"), rows, as_json=as_json)


def _password(*, from_stdin: bool) -> str:
    """The password to set; one that is read is never empty: that would lock the person out without a word."""
    if not from_stdin:
        return new_password()
    password = sys.stdin.readline().rstrip("\r\n")
    if not password:
        raise Rejected("Standard input holds no password.", hint="Leave --password-stdin out to have one made.")
    return password


def _tell(password: str, *, from_stdin: bool) -> None:
    say("Done." if from_stdin else password)
