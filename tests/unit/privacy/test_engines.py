"""Both trigger engines say the same: one conformance suite for Hyperscan and RE2."""

import threading
from collections.abc import Callable, Sequence

import pytest

from onrecord.privacy.detect.contact import DEFAULT_REGIONS
from onrecord.privacy.detect.engine import Engine, HyperscanEngine, Re2Engine
from onrecord.privacy.detect.scan import Detector, detector
from tests.unit.privacy.quality import LANGUAGES, texts_of

ENGINES = (HyperscanEngine, Re2Engine)
TEXTS = [labelled.text for language in LANGUAGES for labelled in texts_of(language)]

engines = pytest.mark.parametrize("engine", ENGINES, ids=lambda engine: engine.__name__)
Make = Callable[[Sequence[bytes]], Engine]


@engines
def test_a_trigger_is_reported_with_its_number_and_end(engine: Make) -> None:
    assert set(engine([rb"b@c", rb"\d{3}"]).scan(b"ab@c 123")) == {(0, 4), (1, 8)}


@engines
def test_a_text_without_triggers_has_no_hits(engine: Make) -> None:
    assert list(engine([rb"b@c"]).scan(b"nothing here")) == []


@engines
def test_bytes_that_are_no_utf_8_are_scanned(engine: Make) -> None:
    assert list(engine([rb"\xc2\xa0x"]).scan(b"\xff\xfe\x00\xc2\xa0x")) == [(0, 6)]


@engines
def test_a_megabyte_is_scanned_to_its_end(engine: Make) -> None:
    assert list(engine([rb"needle\d"]).scan(b"hay " * 250_000 + b"needle7")) == [(0, 1_000_007)]


@engines
def test_several_threads_may_scan_at_once(engine: Make) -> None:
    shared = engine([rb"\d{3}"])
    seen: list[bool] = []

    def work() -> None:
        seen.extend(list(shared.scan(b"x" * number + b"123")) == [(0, number + 3)] for number in range(200))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [True] * 800


def test_both_engines_lead_to_the_same_findings() -> None:
    hyperscan, slow = detector(), Detector(detector().rules, Re2Engine)
    assert [slow.find(text) for text in TEXTS] == [hyperscan.find(text) for text in TEXTS]
    whole = "\n".join(TEXTS)
    assert slow.find(whole) == hyperscan.find(whole)
    assert len(hyperscan.find(whole)) > 150


def test_the_automaton_of_the_usual_regions_is_made_once() -> None:
    assert detector() is detector(DEFAULT_REGIONS)
