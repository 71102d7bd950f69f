"""``onrecord doctor``: look at an installation from outside and say what is wrong and what to do.

Reads only. Exit codes: 0 all is well, 1 something is wrong, 2 something should be looked at.
"""

import json
import shutil
import sqlite3
import ssl
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import click
import msgspec

from onrecord.cli.options import read, settings_options
from onrecord.cli.say import say_rows
from onrecord.config import Settings
from onrecord.errors import OnrecordError
from onrecord.keys.kek import load_kek

_SERVER_PACKAGES: Final = ("argon2", "chdb", "clickhouse_connect", "hyperscan", "sqlalchemy", "starlette", "uvicorn")
_FREE_BYTES_WARN: Final = 2 * 1024**3
_EXIT: Final = {"good": 0, "warn": 2, "bad": 1}


class Finding(msgspec.Struct, frozen=True):
    """One thing that was looked at."""

    state: str
    """``good``, ``warn`` or ``bad``."""
    about: str
    found: str
    advice: str = ""


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="JSON lines, also on a terminal.")
@settings_options()
def command(config_file: Path | None, *, as_json: bool, **given: Any) -> None:
    """Say what is wrong with an installation, and what to do. Exit code 1: wrong; 2: look at it; 0: well."""
    settings = read(config_file, given)
    findings = list(examine(settings))
    say_rows(
        ("state", "about", "found", "what to do"),
        [(finding.state, finding.about, finding.found, finding.advice) for finding in findings],
        as_json=as_json,
    )
    states = {finding.state for finding in findings}
    sys.exit(next(_EXIT[state] for state in ("bad", "warn", "good") if state in states))


def examine(settings: Settings) -> Iterator[Finding]:
    """Everything that can be known from outside, in the order in which a person would look."""
    yield _packages()
    yield from _data(settings)
    yield _kek(settings)
    yield _disk(settings.data)
    yield _privacy(settings)
    yield _server(settings)


def _packages() -> Finding:
    missing = [name for name in _SERVER_PACKAGES if find_spec(name) is None]
    if missing:
        return Finding("bad", "packages", f"missing: {', '.join(missing)}", "pip install 'onrecord[server]'")
    return Finding("good", "packages", f"all there, Python {sys.version.split()[0]}")


def _data(settings: Settings) -> Iterator[Finding]:
    if not settings.data.is_dir():
        yield Finding("warn", "data", f"{settings.data} is not there", "The first `onrecord serve` makes it.")
        return
    open_to_others = settings.data.stat().st_mode & 0o077
    if open_to_others:
        yield Finding("warn", "data", "others on this machine may enter it", f"chmod 700 {settings.data}")
    for file in sorted([settings.control_file, settings.data / "keys.db", *settings.data.glob("vault/*.db")]):
        if file.exists():
            yield _database(file, settings.data)


def _database(file: Path, data: Path) -> Finding:
    name = str(file.relative_to(data))
    try:
        connection = sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=5)
        try:
            answer = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        finally:
            connection.close()
    except sqlite3.Error as error:
        answer = type(error).__name__
    if answer == "ok":
        return Finding("good", name, "whole")
    return Finding("bad", name, "damaged", "Restore this file from a backup; `onrecord verify` says what is affected.")


def _kek(settings: Settings) -> Finding:
    try:
        kek = load_kek(settings.kek_file, text=settings.kek, command=settings.kek_command)
    except OnrecordError as error:
        return Finding("bad", "key-encryption key", error.message, error.hint or "Check where it comes from.")
    if kek is None and (settings.data / "keys.db").exists():
        advice = f"Put it back into {settings.kek_file}; the recovery code of `onrecord keys backup` restores it."
        return Finding("bad", "key-encryption key", "is not there, so nothing opens", advice)
    if kek is None:
        return Finding("good", "key-encryption key", "none yet; the first start makes it")
    if not settings.kek and not settings.kek_command and settings.kek_file.stat().st_mode & 0o077:
        return Finding("bad", "key-encryption key", "others may read its file", f"chmod 600 {settings.kek_file}")
    return Finding("good", "key-encryption key", "there; keep its recovery code on paper (`onrecord keys backup`)")


def _disk(data: Path) -> Finding:
    place = next(path for path in (data, *data.parents) if path.exists())
    free = shutil.disk_usage(place).free
    if free < _FREE_BYTES_WARN:
        return Finding(
            "bad", "disk", f"{free / 1024**3:.1f} GiB free", "Records are refused when it is full: make room."
        )
    return Finding("good", "disk", f"{free / 1024**3:.0f} GiB free")


def _privacy(settings: Settings) -> Finding:
    listen = settings.listen
    if listen.private:
        return Finding("good", "network", f"listens at {listen.url()}")
    advice = "Give --tls-cert and --tls-key, or declare the proxy that ends TLS with --trusted-proxies."
    return Finding("bad", "network", f"listens at {listen.url()} without TLS", advice)


def _server(settings: Settings) -> Finding:
    try:
        # A self-signed certificate is no reason to say nothing: only the state is asked for, nothing is sent.
        context = ssl._create_unverified_context() if settings.listen.tls_cert else None  # noqa: S323, SLF001
        with urllib.request.urlopen(f"{settings.listen.url()}/health", timeout=5, context=context) as answer:  # noqa: S310
            report = json.load(answer)
    except (OSError, ValueError) as error:
        reason = error.code if isinstance(error, urllib.error.HTTPError) else type(error).__name__
        return Finding("warn", "server", f"no answer at {settings.listen.url()} ({reason})", "Start `onrecord serve`.")
    if report.get("status") == "ok":
        return Finding("good", "server", "answers and is well")
    ill = [f"{part}: {state}" for part, state in report.get("parts", {}).items() if state not in {"ok", "opening"}]
    return Finding("bad", "server", "; ".join(ill) or str(report.get("status")), "See /health and the server's log.")
