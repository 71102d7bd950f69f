"""Keys in their headers."""

import base64

import pytest

from onrecord.errors import Denied
from onrecord.model.project import Project
from onrecord.receive.auth import authenticate, presented_key

KEY = "or_00000000000000aa_secret"
PROJECT = Project(id="00000000000000aa", number=2, name="default")
KEYED = Project(id="00000000000000bb", number=3, name="keyed")


class Keys:
    """A keyring with one key, or before the first."""

    def __init__(self, keyless: Project | None) -> None:
        self._keyless = keyless

    def writer(self, key: str) -> Project:
        if key != KEY:
            raise Denied("The API key is not known.", status=401)
        return KEYED

    def keyless_project(self) -> Project | None:
        return self._keyless


def basic(name: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


@pytest.mark.parametrize(
    "headers",
    [
        {"x-api-key": KEY},
        {"authorization": f"Bearer {KEY}"},
        {"authorization": f"bearer  {KEY} "},
        {"authorization": basic("", KEY)},
        {"authorization": basic("anything", KEY)},
        {"authorization": basic(KEY, "")},
        {"api_key": KEY},
        {"authorization": KEY},
        {"authorization": KEY, "api_key": KEY, "space_id": "U3BhY2U6MQ=="},
    ],
)
def test_a_key_is_found_wherever_an_exporter_can_put_it(headers: dict[str, str]) -> None:
    assert presented_key(headers) == KEY
    assert authenticate(Keys(None), "10.0.0.1", headers) is KEYED


@pytest.mark.parametrize("value", ["Digest x", "Basic !!!", "Basic /w==", "ak-no-key-of-ours", f"{KEY} {KEY}"])
def test_a_header_that_can_not_be_a_key_is_401_even_where_none_is_needed(value: str) -> None:
    with pytest.raises(Denied) as refusal:
        authenticate(Keys(PROJECT), "127.0.0.1", {"host": "localhost", "authorization": value})
    assert refusal.value.status == 401


@pytest.mark.parametrize("name", ["x-api-key", "api_key", "authorization"])
def test_a_wrong_key_is_never_taken_for_none(name: str) -> None:
    with pytest.raises(Denied):
        authenticate(Keys(PROJECT), "127.0.0.1", {"host": "localhost", name: "or_wrong"})


def test_without_a_key_the_default_project_is_open_to_this_machine_until_the_first_key() -> None:
    local = {"host": "localhost"}
    assert authenticate(Keys(PROJECT), "127.0.0.1", local) is PROJECT
    with pytest.raises(Denied, match="API key"):
        authenticate(Keys(None), "127.0.0.1", local)
    with pytest.raises(Denied, match="another machine"):
        authenticate(Keys(PROJECT), "10.0.0.1", local)
