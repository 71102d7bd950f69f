"""``onrecord serve``: start the server and say how to use it."""

import sys
from pathlib import Path
from typing import Any

import click

from onrecord.cli.options import read, settings_options
from onrecord.cli.say import say, say_error


@click.command("serve", short_help="Start the server.")
@settings_options()
def command(config_file: Path | None, **given: Any) -> None:
    """Start the server; it keeps what it is sent in the data directory until Ctrl-C stops it.

    An exporter on this machine that has no settings of its own finds it: http://localhost:4318 is OpenTelemetry's
    default. Every option is also a setting of the file and a variable of the environment, shown in brackets.
    """
    settings = read(config_file, given)
    # Imported here: the help of this command must not need the server's packages.
    from onrecord.server.logs import start_logging  # noqa: PLC0415
    from onrecord.server.run import serve  # noqa: PLC0415
    from onrecord.server.wiring import Installation  # noqa: PLC0415

    start_logging()

    def ready(url: str, running: Installation) -> None:
        say(f"onrecord listens at {url}, data in {settings.data}, key-encryption key in {settings.keys_directory}.")
        link = running.first_link()
        if link:
            say(f"Log in (once, within the hour): {url}/login?token={link}")
        say(f"Send to it: OTEL_EXPORTER_OTLP_ENDPOINT={url} OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf")
        warning = running.health.warning()
        if warning:
            say_error(warning)
        sys.stdout.flush()

    serve(settings, ready)
