"""``onrecord projects``: what there is, and how each one is kept. Works beside a running server."""

from pathlib import Path
from typing import Any

import click

from onrecord.cli.options import read, settings_options
from onrecord.cli.say import say, say_rows
from onrecord.control import projects
from onrecord.control.schema import opened
from onrecord.model.project import OnLogFailure

_SETTINGS = ("data", "keys")


@click.group("projects")
def command() -> None:
    """List projects, set what they do."""


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="JSON lines, also on a terminal.")
@settings_options(_SETTINGS)
def list_(config_file: Path | None, *, as_json: bool, **given: Any) -> None:
    """List every project, the reserved one first."""
    with opened(read(config_file, given).control_file) as control:
        rows = [
            (one.id, one.name, one.mode.value, one.retention, one.on_log_failure.value)
            for one in projects.every(control)
        ]
    say_rows(("id", "name", "content_mode", "retention", "on_log_failure"), rows, as_json=as_json)


@command.command("set")
@click.argument("project")
@click.option(
    "--on-log-failure",
    type=click.Choice([one.value for one in OnLogFailure]),
    required=True,
    help="What the gateway does with a call that can not be recorded: let it pass and count it, or not make it.",
)
@settings_options(_SETTINGS)
def set_(config_file: Path | None, project: str, on_log_failure: str, **given: Any) -> None:
    """Set what PROJECT (id or name) does, from the next call on."""
    with opened(read(config_file, given).control_file) as control:
        projects.choose_on_log_failure(control, projects.get(control, project), OnLogFailure(on_log_failure))
    say("Set.")
