"""Settings: where they come from, which one wins, and what stops the start."""

import re
from pathlib import Path

import pytest

from onrecord import config
from onrecord.errors import Rejected
from onrecord.model.project import ContentMode

DOCUMENT = Path(__file__).parents[3] / "docs" / "configuration.md"


def test_nothing_given_is_loopback_on_the_port_of_opentelemetry() -> None:
    settings = config.read({}, {})
    assert (settings.listen.host, settings.listen.port) == ("127.0.0.1", 4318)
    assert settings.keys_directory == Path.cwd() / "onrecord-data.keys"
    assert settings.store_url == f"chdb://{Path.cwd()}/onrecord-data/store"


def test_a_flag_wins_over_the_environment_and_that_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "onrecord.toml"
    file.write_text('workers = 1\n[listen]\nport = 1\nhost = "localhost"\n[project]\ncontent_mode = "metadata"\n')
    environ = {"ONRECORD_PORT": "2", "ONRECORD_WORKERS": "2", "ONRECORD_CONFIG": str(file)}
    settings = config.read({"port": "3", "workers": None}, environ)
    assert (settings.listen.port, settings.workers, settings.listen.host) == (3, 2, "localhost")
    assert settings.project.content_mode is ContentMode.METADATA


def test_lists_are_written_with_commas_and_booleans_as_words() -> None:
    settings = config.read({}, {"ONRECORD_TRUSTED_PROXIES": "10.0.0.1, 10.1.0.0/16", "ONRECORD_DEMO": "true"})
    assert settings.listen.trusted_proxies == ("10.0.0.1", "10.1.0.0/16")
    assert settings.demo


@pytest.mark.parametrize(
    ("environ", "fault"),
    [
        ({"ONRECORD_PORT": "many"}, "port"),
        ({"ONRECORD_PORT": "70000"}, "port"),
        ({"ONRECORD_CONTENT_MODE": "all"}, "content_mode"),
        ({"ONRECORD_TLS_CERT": "cert.pem"}, "both halves"),
        ({"ONRECORD_TRUSTED_PROXIES": "proxy.example"}, "trusted proxy"),
        ({"ONRECORD_DATA": "/srv/a", "ONRECORD_KEYS": "/srv/a/keys"}, "inside the data directory"),
        ({"ONRECORD_CONFIG": "/no/such/file"}, "can not be read"),
    ],
)
def test_a_setting_that_does_not_fit_stops_the_start(environ: dict[str, str], fault: str) -> None:
    with pytest.raises(Rejected, match=fault):
        config.read({}, environ)


@pytest.mark.parametrize("text", ["prot = 1", "[listen]\nprot = 1", "[lisen]\nport = 1", "port = "])
def test_a_misspelt_name_in_the_file_stops_the_start(tmp_path: Path, text: str) -> None:
    (tmp_path / "c.toml").write_text(text)
    with pytest.raises(Rejected):
        config.read({}, {}, tmp_path / "c.toml")


@pytest.mark.parametrize(
    ("host", "private"), [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("::", False)]
)
def test_only_loopback_is_private_by_itself(host: str, *, private: bool) -> None:
    assert config.read({"host": host}, {}).listen.private is private


def test_tls_or_a_declared_proxy_make_a_public_address_private() -> None:
    public = {"host": "0.0.0.0"}
    assert config.read(public | {"tls_cert": "a", "tls_key": "b"}, {}).listen.private
    assert config.read(public | {"trusted_proxies": "10.0.0.1"}, {}).listen.private


def test_leaf_names_are_unique_so_that_flags_need_no_section() -> None:
    names = [leaf.name for leaf in config.leaves()]
    assert len(names) == len(set(names))


def test_the_document_names_every_setting_and_no_other() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (?:`\[(\w+)\]`|top) \|", DOCUMENT.read_text("utf-8"), re.MULTILINE)
    documented = set(rows)
    assert documented == {(leaf.name, leaf.section) for leaf in config.leaves()}


def test_the_document_says_of_every_setting_what_the_program_says() -> None:
    document = DOCUMENT.read_text("utf-8")
    assert [leaf.name for leaf in config.leaves() if leaf.meaning not in document] == []
