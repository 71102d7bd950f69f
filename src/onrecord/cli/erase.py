"""``onrecord erase``: forget a person, for good."""

from pathlib import Path
from typing import Any

import click

from onrecord.cli.errand import ask
from onrecord.cli.options import read, settings_options
from onrecord.cli.say import say


@click.command("erase")
@click.option("--user", required=True, help="The id that applications send, or the pseudonym.")
@click.option("--project", default="default", show_default=True, help="Id or name of the project.")
@click.option("--reason", default="", help="Why; kept sealed with the erasure's record.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@settings_options(("data",))
def command(config_file: Path | None, user: str, project: str, reason: str, *, yes: bool, **given: Any) -> None:
    """Erase everything of one person: keys, content, rows. The running server does it. It can not be undone.

    The ledger says it first and says when it is done; `onrecord verify` then calls the records erased.
    """
    settings = read(config_file, given)
    if not yes:
        click.confirm(f"Erase everything of this person in project {project}? It can not be undone", abort=True)
    done = ask(settings.data, "erase", user=user, project=project, reason=reason)
    if not done["records"]:
        say(f"Nobody of that name is on the record in project {project}: nothing was erased.")
        return
    say(f"Erased {done['records']:,} records in {done['partitions']:,} conversations.")
    say("The ledger says so, never who: the ledger page lists it with its proof; `onrecord verify` names the entry.")
