"""Command-line options that are settings: made from the tree in ``config``, so that none is forgotten or renamed."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from onrecord import config

_Command = TypeVar("_Command", bound=Callable[..., Any])
SECRET: Final = ("kek",)
"""Never a flag: a command line is visible to everybody on the machine."""


def settings_options(names: Iterable[str] | None = None) -> Callable[[_Command], _Command]:
    """Add ``--config`` and an option per setting, or only for the settings named."""
    wanted = None if names is None else frozenset(names)

    def decorate(command: _Command) -> _Command:
        for leaf in reversed(list(config.leaves())):
            if leaf.name not in SECRET and (wanted is None or leaf.name in wanted):
                command = _option(leaf)(command)
        chosen = click.option("--config", "config_file", type=click.Path(path_type=Path), help="A TOML file.")
        return chosen(command)

    return decorate


def _option(leaf: config.Leaf) -> Callable[[_Command], _Command]:
    shown = f"{leaf.meaning} [{leaf.variable}]"
    if leaf.is_flag:
        return click.option(leaf.flag, leaf.name, is_flag=True, default=None, help=shown)
    return click.option(leaf.flag, leaf.name, default=None, multiple=False, metavar="VALUE", help=shown)


def read(config_file: Path | None, given: dict[str, Any]) -> config.Settings:
    """The settings from the options of one command, the environment and the file."""
    return config.read(given, file=config_file)
