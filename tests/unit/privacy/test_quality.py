"""How much of the labelled texts is found, and how little else: the floor below which no change may fall."""

import pytest

from tests.unit.privacy.quality import LANGUAGES, Score, negatives_hit, score, texts_of

FINAL_LABELS = ("CARD", "SECRET")


def totals() -> dict[str, Score]:
    sums: dict[str, list[int]] = {}
    for language in LANGUAGES:
        for label, counts in score(language).items():
            sums[label] = [a + b for a, b in zip(sums.get(label, [0, 0, 0]), counts, strict=True)]
    return {label: Score(*counts) for label, counts in sums.items()}


def test_there_are_a_hundred_and_fifty_texts_of_either_sort() -> None:
    texts = [labelled for language in LANGUAGES for labelled in texts_of(language)]
    assert sum(bool(labelled.wanted) for labelled in texts) >= 150
    assert sum(not labelled.wanted for labelled in texts) >= 150


@pytest.mark.parametrize("label", ["CARD", "EMAIL", "IBAN", "IP", "NATIONAL_ID", "PHONE", "SECRET"])
def test_nearly_every_value_of_a_label_is_found_and_little_else(label: str) -> None:
    counts = totals()[label]
    assert counts.recall >= 0.95
    assert counts.precision >= 0.85


@pytest.mark.parametrize("language", LANGUAGES)
def test_few_technical_texts_have_a_finding(language: str) -> None:
    hit, texts = negatives_hit(language)
    assert hit <= 0.05 * texts
