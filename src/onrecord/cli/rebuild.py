"""``onrecord rebuild``: make the store again from ledger and vault."""

from pathlib import Path
from typing import Any

import click

from onrecord.cli.errand import ask
from onrecord.cli.options import read, settings_options
from onrecord.cli.say import say


@click.command("rebuild")
@settings_options(("data",))
def command(config_file: Path | None, **given: Any) -> None:
    """Make the store again from ledger and vault. The running server does it, and goes on answering meanwhile."""
    done = ask(read(config_file, given).data, "rebuild")
    say(f"Rebuilt {done['rows']:,} rows in {done['seconds']:.1f} s; {done['set_aside']:,} were set aside.")
