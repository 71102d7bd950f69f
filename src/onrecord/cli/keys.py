"""``onrecord keys``: API keys, and the recovery code of the key-encryption key. Works beside a running server."""

from pathlib import Path
from typing import Any

import click

from onrecord.cli.options import read, settings_options
from onrecord.cli.say import say, say_rows
from onrecord.control import apikeys, projects
from onrecord.control.roles import Scope
from onrecord.control.schema import opened
from onrecord.errors import Missing
from onrecord.keys.kek import load_kek, recovery_code
from onrecord.model.time import SystemClock, iso_of

_SETTINGS = ("data", "keys", "content_mode", "retention")


@click.group("keys")
def command() -> None:
    """Make, list, revoke API keys; back up the key-encryption key."""


@command.command("create")
@click.option("--project", default=projects.DEFAULT_PROJECT, show_default=True, help="Id or name of the project.")
@click.option(
    "--scope", "scopes", multiple=True, type=click.Choice([scope.value for scope in Scope]), help="May be repeated."
)
@click.option("--note", default="", help="What the key is for; shown in lists.")
@settings_options(_SETTINGS)
def create(config_file: Path | None, project: str, scopes: tuple[str, ...], note: str, **given: Any) -> None:
    """Make a key and print it, once. Without --scope it may write.

    From the first key on, nobody writes without one.
    """
    settings, clock = read(config_file, given), SystemClock()
    with opened(settings.control_file) as control:
        projects.ensure_first(control, settings.project, clock)
        wanted = [Scope(scope) for scope in scopes or (Scope.WRITE,)]
        _, secret = apikeys.create(control, projects.get(control, project), wanted, clock, note)
    say(secret)


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="JSON lines, also on a terminal.")
@settings_options(_SETTINGS)
def list_(config_file: Path | None, *, as_json: bool, **given: Any) -> None:
    """List every key that was ever made; never a key itself."""
    with opened(read(config_file, given).control_file) as control:
        names = {project.id: project.name for project in projects.every(control)}
        rows = [
            (
                key.id,
                names.get(key.project_id, key.project_id),
                " ".join(sorted(key.scopes)),
                key.note,
                iso_of(key.created_us),
                iso_of(key.revoked_us) if key.revoked_us else "",
            )
            for key in apikeys.every(control)
        ]
    say_rows(("id", "project", "scopes", "note", "created", "revoked"), rows, as_json=as_json)


@command.command("revoke")
@click.argument("key_id")
@settings_options(_SETTINGS)
def revoke(config_file: Path | None, key_id: str, **given: Any) -> None:
    """End the key with this id, from the next request on."""
    with opened(read(config_file, given).control_file) as control:
        apikeys.revoke(control, key_id, SystemClock())
    say("The key is revoked.")


@command.command("backup")
@settings_options(_SETTINGS)
def backup(config_file: Path | None, **given: Any) -> None:
    """Print the recovery code of the key-encryption key: write it on paper, keep it far from the data.

    Without it a lost keys directory means that nothing in the vault can ever be opened again.
    """
    settings = read(config_file, given)
    kek = load_kek(settings.kek_file, text=settings.kek, command=settings.kek_command)
    if kek is None:
        raise Missing("There is no key-encryption key yet.", hint="The first `onrecord serve` makes it.")
    say(recovery_code(kek))
