"""Log lines of every process of the server."""

import logging
import sys


def start_logging() -> None:
    """Log lines on standard error: coloured for a person, plain in a pipe."""
    handler: logging.Handler
    if sys.stderr.isatty():
        from rich.logging import RichHandler  # noqa: PLC0415 - for a person only

        handler = RichHandler(show_path=False, omit_repeated_times=False)
        handler.setFormatter(logging.Formatter("%(message)s"))
    else:
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
