"""The client's settings, and the one place of the client that reads the environment.

An argument of ``onrecord.init`` wins over a variable, a variable over the default. A value that does not fit costs
neither the application nor its records: it is named in the log and the default is taken.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from onrecord.limits import CLIENT_EXIT_S, CLIENT_SPOOL_BYTES

ENDPOINT: Final = "http://127.0.0.1:4318"
_PREFIX: Final = "ONRECORD_"
_SMALLEST_SPOOL: Final = 64 * 1024


@dataclass(frozen=True, kw_only=True)
class ClientSettings:
    """What a client is told. The variable of each field is its name in capitals after ``ONRECORD_``."""

    endpoint: str = ENDPOINT
    """URL of the server, without a path of OTLP."""
    api_key: str = field(default="", repr=False)
    """The key that may write; empty only for a server on this machine that has none yet."""
    application: str = ""
    """Name of the application; empty leaves what OpenTelemetry's resource says."""
    environment: str = ""
    release: str = ""
    sample_rate: float = 1.0
    """Share of traces that are recorded, 0 to 1; what is left out is declared to the server."""
    spool: Path = field(default_factory=lambda: default_spool(os.environ))
    """Directory of the spool."""
    spool_bytes: int = CLIENT_SPOOL_BYTES
    exit_seconds: float = CLIENT_EXIT_S
    """How long the end of the process may wait for the server."""
    enabled: bool = True
    """False turns everything into nothing."""


def default_spool(environ: Mapping[str, str]) -> Path:
    """Where the spool lies when nobody says: the place for state that the XDG base directory specification names."""
    home = environ.get("XDG_STATE_HOME") or ""
    if Path(home).is_absolute():
        return Path(home) / "onrecord" / "spool"
    return Path("~/.local/state/onrecord/spool").expanduser()


def read(given: Mapping[str, Any], environ: Mapping[str, str] | None = None) -> tuple[ClientSettings, list[str]]:
    """The settings, and a sentence for each value that does not fit. ``None`` in ``given`` is not given."""
    environ = os.environ if environ is None else environ
    chosen: dict[str, Any] = {"spool": default_spool(environ)}
    complaints: list[str] = []
    for name, parse in _PARSERS.items():
        variable = _PREFIX + name.upper()
        value = given.get(name)
        source = name
        if value is None:
            value, source = environ.get(variable) or None, variable
        if value is None:
            continue
        try:
            chosen[name] = parse(value)
        except (TypeError, ValueError, OSError, RuntimeError):
            complaints.append(f"{source} does not fit and is ignored")
    return ClientSettings(**chosen), complaints


def _endpoint(value: Any) -> str:
    text = str(value).strip().rstrip("/")
    place = urlsplit(text)
    if place.scheme not in {"http", "https"} or not place.hostname or place.port == 0:
        raise ValueError
    return text.removesuffix("/v1/traces")


def _rate(value: Any) -> float:
    rate = float(value)
    if not 0 <= rate <= 1:
        raise ValueError
    return rate


def _bytes(value: Any) -> int:
    number = int(value)
    if number < _SMALLEST_SPOOL:
        raise ValueError
    return number


def _seconds(value: Any) -> float:
    seconds = float(value)
    if not 0 <= seconds < float("inf"):
        raise ValueError
    return seconds


def _key(value: Any) -> str:
    text = str(value).strip()
    if not (text.isascii() and text.isprintable()):
        raise ValueError
    return text


def _claim(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    return {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}[str(value).lower()]


def _is_claim(value: Any) -> bool:
    try:
        return _claim(value)
    except KeyError:
        raise ValueError from None


_PARSERS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "endpoint": _endpoint,
    "api_key": _key,
    "application": str,
    "environment": str,
    "release": str,
    "sample_rate": _rate,
    "spool": lambda value: Path(value).expanduser().absolute(),
    "spool_bytes": _bytes,
    "exit_seconds": _seconds,
    "enabled": _is_claim,
}
