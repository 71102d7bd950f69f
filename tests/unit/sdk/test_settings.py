"""The client's settings: argument, variable, default; and what does not fit."""

from pathlib import Path

import pytest

from onrecord.sdk.settings import ClientSettings, read


def test_an_argument_wins_over_a_variable_and_a_variable_over_the_default() -> None:
    environ = {"ONRECORD_ENDPOINT": "http://env:1", "ONRECORD_RELEASE": "7"}
    settings, complaints = read({"endpoint": "https://arg/", "release": None}, environ)
    assert (settings.endpoint, settings.release, settings.sample_rate, complaints) == ("https://arg", "7", 1.0, [])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("endpoint", "ftp://x"), ("endpoint", "http://[::1"), ("endpoint", "http://h:x"),
        ("sample_rate", "1.5"), ("sample_rate", "many"), ("spool_bytes", "12"),
        ("exit_seconds", "-1"), ("api_key", "k\nx"), ("enabled", "perhaps"),
    ],
)  # fmt: skip
def test_a_value_that_does_not_fit_is_named_and_the_default_is_taken(name: str, value: str) -> None:
    settings, complaints = read({}, {f"ONRECORD_{name.upper()}": value})
    assert getattr(settings, name) == getattr(ClientSettings(), name)
    assert complaints == [f"ONRECORD_{name.upper()} does not fit and is ignored"]


def test_the_spool_lies_where_the_system_keeps_state() -> None:
    settings, _ = read({}, {"XDG_STATE_HOME": "/var/state"})
    assert settings.spool == Path("/var/state/onrecord/spool")


def test_a_key_is_not_printed_with_the_settings() -> None:
    assert "or_secret" not in repr(ClientSettings(api_key="or_secret"))
