"""``onrecord completion``: the lines that make a shell complete verbs, options, fields and observed values."""

from typing import Final

import click
from click.shell_completion import get_completion_class

from onrecord.cli.say import say

VARIABLE: Final = "_ONRECORD_COMPLETE"
"""Set by the shell when it asks for proposals; click makes the name."""

_BASH_END: Final = "    return 0\n"
_BASH_STAY: Final = "    [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *: ]] && compopt -o nospace\n"
"""No blank after the name of a field: its value follows the colon at once."""


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
    source = made(ctx.find_root().command, {}, "onrecord", VARIABLE).source().strip()
    say(source.replace(_BASH_END, _BASH_STAY + _BASH_END, 1) if shell == "bash" else source)
