"""Single texts: what is replaced by what, and what is left alone."""

import pytest

from onrecord.errors import Rejected, Unavailable
from onrecord.privacy.pseudonym import Pseudonyms
from onrecord.privacy.screen import Screen
from onrecord.privacy.skeleton import prompt_version

NAMES = Pseudonyms(bytes(32))
SCREEN = Screen(NAMES)
MAIL = NAMES.token("EMAIL", "jan@example.com")
PHONE = NAMES.token("PHONE", "+31612345678")
KEY = bytes(32)


def test_a_plain_text_comes_back_as_the_same_object() -> None:
    text = "Nothing to see at 12:34 on 3 May."
    screened = SCREEN.text(text)
    assert screened.exact is text
    assert screened.masked is text


@pytest.mark.parametrize(
    "text",
    [
        "jan@example.com",
        "Jan@Example.COM",
        "jan%40example.com",
        "jan [at] example [dot] com",
        "j\u200ban@exam\u00adple.com",
    ],
)
def test_one_address_has_one_token_however_it_is_written(text: str) -> None:
    assert SCREEN.text(f"to {text} now").masked == f"to {MAIL} now"


@pytest.mark.parametrize(
    "text",
    [
        "06-12345678",
        "+31 6 1234 5678",
        "0031612345678",
        "\uff10\uff16 \uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18",
        "06\u201112345678",
    ],
)
def test_one_telephone_number_has_one_token_however_it_is_written(text: str) -> None:
    assert SCREEN.text(f"call {text}.").masked == f"call {PHONE}."


def test_secrets_and_cards_go_from_both_copies_and_cards_keep_four_digits() -> None:
    screened = SCREEN.text("pay 5555 5555 5555 4444 with password=hunter22")
    assert screened.exact == screened.masked == "pay <CARD_4444> with password=<SECRET>"
    assert screened.found == ("CARD", "SECRET")


def test_the_exact_copy_keeps_personal_data() -> None:
    screened = SCREEN.text("mail jan@example.com")
    assert screened.exact == "mail jan@example.com"
    assert screened.found == ("EMAIL",)


def test_a_private_key_goes_as_a_whole_also_when_it_is_cut_off() -> None:
    lines = "\n".join(["MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj"] * 20)
    whole = f"key:\n-----BEGIN RSA PRIVATE KEY-----\n{lines}\n-----END RSA PRIVATE KEY-----\nend"
    assert SCREEN.text(whole).exact == "key:\n<SECRET>\nend"
    assert "MII" not in SCREEN.text(whole[:300]).exact


@pytest.mark.parametrize(
    "text",
    [
        "password: required",
        "password = os.environ['X']",
        "api_key=${KEY}",
        "token_count: 4096",
        "the password is wrong",
    ],
)
def test_a_word_that_stands_for_a_secret_stays(text: str) -> None:
    assert SCREEN.text(text).found == ()


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ('{"password": "abc\\"def", "n": 1.50}', '{"password": "<SECRET>", "n": 1.50}'),
        ('{"card": 5555555555554444}', '{"card": "<CARD_4444>"}'),
        ('{"a": "{\\"to\\": \\"jan@example.com\\"}"}', f'{{"a": "{{\\"to\\": \\"{MAIL}\\"}}"}}'),
        ('["x\\n0612345678"]', f'["x\\n{PHONE}"]'),
    ],
)
def test_json_text_keeps_its_form(text: str, masked: str) -> None:
    assert SCREEN.text(text).masked == masked


@pytest.mark.parametrize(
    "text",
    [
        '{"password": "<EMAIL_jan.de.vries@example.com"}',
        '{"password": "<SECRET_Hunter22"}',
        '{"password": "<EMAIL_k7m2q9xd4x1n>Hunter22"}',
        '{"token": "abcdefgh12345678<EMAIL_k7m2q9xd4x1n>"}',
        "password=<EMAIL_jan.de.vries@example.com",
        "password=<SECRET22",
        'password: "<EMAIL_Hunter 22"',
        "password='ab <CARD_12345678'",
        "password: <b>Hunter22</b>",
        "postgres://admin:<EMAIL_Hunter22@db.internal/x",
    ],
)
def test_a_secret_that_only_begins_like_a_token_goes(text: str) -> None:
    screened = SCREEN.text(text)
    assert "SECRET" in screened.found
    assert screened.exact == screened.masked
    for left in ("unter", "vries", "22", "abcdefgh", "12345678"):
        assert left not in screened.exact


@pytest.mark.parametrize("text", ["api_key=<your key>", "password: '<insert password>'", '{"secret": "<YOUR_SECRET>"}'])
def test_words_in_angle_brackets_stand_for_a_secret(text: str) -> None:
    assert SCREEN.text(text).exact == text


@pytest.mark.parametrize("text", ["<EMAIL_k7m2q9xd4x1n>", "<SECRET>", "<CARD_1234>", "x<EMAIL_k7m2q9xd4x1n>@y.com"])
def test_a_text_that_imitates_tokens_stays_as_it_is(text: str) -> None:
    screened = SCREEN.text(text)
    assert (screened.exact, screened.masked) == (text, text)


def test_a_detector_that_fails_lets_nothing_through(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen(NAMES)

    def fail(text: str) -> None:
        raise ZeroDivisionError("jan@example.com")

    monkeypatch.setattr(screen._texts._detector, "hits", fail)
    with pytest.raises(Unavailable) as caught:
        screen.text("mail jan@example.com")
    assert "jan" not in str(caught.value)


def test_a_text_that_alone_fails_the_screen_is_refused_for_good_and_said_nothing_of(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    screen = Screen(NAMES)
    find = screen._texts._detector.hits

    def fail(text: str) -> object:
        if "jan" in text:
            raise RecursionError(text)
        return find(text)

    monkeypatch.setattr(screen._texts._detector, "hits", fail)
    with pytest.raises(Rejected) as caught:
        screen.text("mail jan@example.com")
    assert (caught.value.status, "jan" in str(caught.value)) == (422, False)
    assert screen.text("mail an@example.com").found == ("EMAIL",)


def test_a_prompt_keeps_its_version_when_only_dates_ids_and_people_change() -> None:
    one = "You help. Today is Monday, 3 March 2025. User jan@example.com, ticket 4f5e6a7b8c, 17 items."
    two = "You help. Today is Tuesday, 24 November 2026. User an@example.org, ticket 0f5e6a7b8d99, 4 items."
    assert prompt_version(KEY, [one]) == prompt_version(KEY, [two])
    assert prompt_version(KEY, [one]) == prompt_version(KEY, [SCREEN.text(one).masked])
    assert prompt_version(KEY, [one]).startswith("pv_")


def test_another_wording_or_key_is_another_version() -> None:
    versions = {
        prompt_version(KEY, ["Be kind."]),
        prompt_version(KEY, ["Be brief."]),
        prompt_version(b"1" * 32, ["Be kind."]),
    }
    assert len(versions) == 3
    assert prompt_version(KEY, []) == ""
