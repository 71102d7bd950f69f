"""``onrecord completion``: the lines that make a shell complete verbs, options, fields and observed values."""

from typing import Final

import click
from click.shell_completion import get_completion_class

from onrecord.cli.say import say

VARIABLE: Final = "_ONRECORD_COMPLETE"
"""Set by the shell when it asks for proposals; click makes the name."""


@click.command("completion")
@click.argument("shell", type=click.Choice(("bash", "zsh", "fish")))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print what makes SHELL complete verbs, options, names of fields and values that the server has seen.

    \b
    bash:  onrecord completion bash > ~/.local/share/bash-completion/completions/onrecord
    zsh:   onrecord completion zsh > "${fpath[1]}/_onrecord"
    fish:  onrecord completion fish > ~/.config/fish/completions/onrecord.fish
    """  # noqa: D301 - click's own mark of lines that it must not join
    made = get_completion_class(shell)
    assert made is not None
    say(made(ctx.find_root().command, {}, "onrecord", VARIABLE).source().strip())
