"""``onrecord``: one verb, one file, each imported when it is called.

Exit codes: 0 done; 64 the command line or a setting is wrong, or names what is not there (EX_USAGE); 70 damaged data, a
part that does not answer, or a fault that nobody foresaw (EX_SOFTWARE); 130 broken off by the keyboard; 141 whoever
read the output has closed it. A verb may add its own below 64 and says so in its help.
`onrecord --help` imports nothing of the server, so that the bare installation can verify and ask.
"""

import importlib
import sys
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any, Final

import click

from onrecord.cli.say import say_error
from onrecord.errors import Denied, Missing, OnrecordError, Rejected

EX_USAGE: Final = 64
EX_SOFTWARE: Final = 70

VERBS: Final = {
    "serve": "Start the server.",
    "keys": "Make, list, revoke API keys; back up the key-encryption key.",
    "projects": "List projects, set what they do.",
    "users": "Add people, let them in again, remove them.",
    "traces": "List traces, newest first.",
    "show": "One trace as a tree, or one of its steps.",
    "search": "Steps, with the text around what was found.",
    "stats": "Count, tokens, cost, latency, by field and time.",
    "sessions": "List conversations.",
    "people": "List who used the applications, by pseudonym.",
    "tail": "Traces as they come in.",
    "export": "Steps with their content, to a file or a pipe.",
    "sql": "Ask in SQL, over views of a project.",
    "doctor": "Say what is wrong with an installation, and what to do.",
    "verify": "Check ledger and vault, without a server.",
    "erase": "Forget a person.",
    "rebuild": "Make the store again from ledger and vault.",
    "import": "Bring in files: OTLP, or JSON lines of plain interactions.",
    "demo": "Start a throw-away server and play AI traffic into it.",
    "completion": "Make a shell complete all this.",
}
"""Name and first sentence; the module of that name in this package (see ``module_of``) defines ``command``."""


def module_of(verb: str) -> str:
    """The module that defines a verb; one that is a word of Python's has another name."""
    return f"onrecord.cli.{'imports' if verb == 'import' else verb}"


class Verbs(click.Group):
    """The verbs, each one imported when it is needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """In the order of ``VERBS``."""
        return [verb for verb in VERBS if find_spec(module_of(verb))]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The verb's command; a missing server dependency is named with the line that installs it."""
        if cmd_name not in self.list_commands(ctx):
            return None
        try:
            command: click.Command = importlib.import_module(module_of(cmd_name)).command
        except ModuleNotFoundError as error:
            if (error.name or "").startswith("onrecord"):
                raise
            raise click.UsageError(
                f"`onrecord {cmd_name}` needs the server's packages ({error.name} is missing). "
                "Install them with: pip install 'onrecord[server]'"
            ) from None
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of verbs, without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl([(verb, VERBS[verb]) for verb in self.list_commands(ctx)])


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version("onrecord"), prog_name="onrecord")
def group() -> None:
    """Put your AI on the record: a complete, provable, forgetful log of every AI interaction."""


def main(arguments: list[str] | None = None) -> Any:
    """Run one verb and end the process with its exit code."""
    try:
        code = group.main(arguments, prog_name="onrecord", standalone_mode=False)
    except click.exceptions.Abort:
        code = 130
    except click.ClickException as error:
        error.show()
        code = EX_USAGE
    except OnrecordError as error:
        say_error(error.message, error.hint)
        code = EX_USAGE if isinstance(error, Rejected | Missing | Denied) else EX_SOFTWARE
    except Exception as error:
        say_error(
            f"onrecord met a fault that nobody foresaw ({type(error).__name__}).",
            "Please report it with the version and what you did; run with PYTHONDEVMODE=1 to see where.",
        )
        if sys.flags.dev_mode:
            raise
        code = EX_SOFTWARE
    sys.exit(code if isinstance(code, int) else 0)
