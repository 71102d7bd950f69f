"""How the interface writes numbers and instants."""

from datetime import UTC
from zoneinfo import ZoneInfo

import pytest

from onrecord.web import words

NOON_US = 1_795_521_600_000_000  # 2026-11-24 12:00:00 UTC


@pytest.mark.parametrize(
    ("us", "written"),
    [
        (None, "unknown"), (0, "0 ms"), (400, "<1 ms"), (340_000, "340 ms"), (999_600, "1.0 s"), (1_240_000, "1.2 s"),
        (59_960_000, "1 m 00 s"), (125_000_000, "2 m 05 s"), (11_400_000_000, "3 h 10 m"),
    ],
)  # fmt: skip
def test_a_duration_is_written_in_its_natural_unit(us: float | None, written: str) -> None:
    assert words.duration_text(us) == written


@pytest.mark.parametrize(
    ("amount", "currency", "written"),
    [
        (None, "USD", "unknown"), (0.0, "USD", "$0.00"), (1.239, "USD", "$1.24"), (0.00312, "USD", "$0.0031"),
        (0.0136, "USD", "$0.014"), (0.0000001, "USD", "$0.00000010"), (float("nan"), "USD", "unknown"),
        (12.5, "EUR", "€12.50"), (3, "SEK", "SEK 3.00"),
    ],
)  # fmt: skip
def test_money_has_its_currency_and_unknown_is_never_zero(amount: float | None, currency: str, written: str) -> None:
    assert words.money_text(amount, currency) == written


def test_an_instant_is_short_today_and_names_its_day_otherwise() -> None:
    vienna = ZoneInfo("Europe/Vienna")
    assert words.clock_text(NOON_US, vienna, NOON_US) == "13:00:00"
    assert words.clock_text(NOON_US - 86_400_000_000, UTC, NOON_US) == "Nov 23 12:00"
    assert words.clock_text(NOON_US - 400 * 86_400_000_000, UTC, NOON_US).startswith("2025-10-20")
    assert words.clock_text(0, UTC, NOON_US) == "unknown"


def test_an_instant_beyond_the_calendar_does_not_break_a_page() -> None:
    assert words.utc_text(2**63) == words.utc_text(2**62)
    assert words.long_text(-5, UTC) == "1970-01-01 00:00:00 UTC"


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "No/Where", "\x00", "a" * 5000])
def test_a_zone_that_is_none_is_utc(name: str) -> None:
    assert words.zone_of(name) is UTC


def test_a_pseudonym_keeps_its_prefix_when_it_is_shortened() -> None:
    assert words.short_id("usr_k7m2q9xd4x1n") == "usr_k7m2q9xd"
    assert words.short_id("dfe40895014a5ddb") == "dfe40895"


def test_the_last_part_of_a_dotted_name_is_its_short_form() -> None:
    assert words.unqualified("anthropic.OverloadedError") == "OverloadedError"
    for whole in ("TimeoutError: no answer in 5 s.", "429", "", "a.", "v1.2"):
        assert words.unqualified(whole) == whole


def test_counts_sizes_and_plurals_are_grouped() -> None:
    assert words.count_text(1234) == "1,234"
    assert words.count_text(None) == "unknown"
    assert [words.bytes_text(n) for n in (812, 12_000, 5_242_880, None)] == ["812 B", "12 kB", "5.2 MB", "unknown"]
    assert [words.plural(n, "span") for n in (0, 1, 1000)] == ["0 spans", "1 span", "1,000 spans"]
