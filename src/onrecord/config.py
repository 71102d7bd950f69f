"""Configuration: one typed, frozen tree, read once and passed down.

Each setting can be given as a flag (``--tls-cert``), in the environment (``ONRECORD_TLS_CERT``) or in a TOML file
(``[listen] tls_cert``); the first of these that names it wins. Leaf names are unique, so that a flag and a variable
need no section. The tree itself is the table of settings: docs/configuration.md must name every leaf of it, and a test
compares the two. A value that does not fit, or a name that nobody knows, stops the start with a sentence: a
misspelt setting that is silently ignored is worse than none.
"""

import os
import tomllib
from collections.abc import Iterator, Mapping
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from onrecord import limits
from onrecord.errors import Rejected
from onrecord.model.project import ContentMode

PREFIX = "ONRECORD_"
FILE_VARIABLE = "ONRECORD_CONFIG"


class _Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of the tree."""


class Listen(_Section, frozen=True, kw_only=True):
    """Where the server listens, and what stands in front of it."""

    host: Annotated[str, Meta(description="Address to listen on. Beyond loopback an API key must exist.")] = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535, description="TCP port; 0 takes a free one.")] = 4318
    tls_cert: Annotated[Path | None, Meta(description="PEM certificate chain.")] = None
    tls_key: Annotated[Path | None, Meta(description="PEM private key of the certificate.")] = None
    trusted_proxies: Annotated[
        tuple[str, ...],
        Meta(description="Addresses or networks of proxies that end TLS; only their X-Forwarded-* is believed."),
    ] = ()

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach the server."""
        return is_loopback(self.host)

    def url(self, port: int = 0) -> str:
        """Where the server answers; ``port`` is the one it took when the setting is 0."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.tls_cert else 'http'}://{host}:{port or self.port}"

    @property
    def private(self) -> bool:
        """Whether nobody on the way can read along: loopback, TLS, or a declared proxy that ends TLS."""
        return self.loopback or self.tls_cert is not None or bool(self.trusted_proxies)


class ProjectDefaults(_Section, frozen=True, kw_only=True):
    """What a new project starts with; existing projects keep what they have."""

    content_mode: Annotated[
        ContentMode, Meta(description="What the vault keeps of a new project: full, pseudonymised or metadata.")
    ] = ContentMode.FULL
    retention: Annotated[
        str, Meta(pattern=r"^[a-z][a-z0-9-]{0,31}$", description="Retention class of a new project.")
    ] = "standard"


class Gateway(_Section, frozen=True, kw_only=True):
    """The logging gateway."""

    upstream: Annotated[
        tuple[str, ...],
        Meta(description="Providers that the gateway leads to, as name=URL; they add to the well-known ones."),
    ] = ()
    default_upstream: Annotated[
        str, Meta(description="The upstream behind /gateway/v1, where an address names none.")
    ] = "openai"


class Bounds(_Section, frozen=True, kw_only=True):
    """The bounds that an installation may set; all others stand in limits.py."""

    body_bytes: Annotated[int, Meta(ge=65_536, description="A request body after decompression, in bytes.")] = (
        limits.BODY_BYTES
    )
    inflight_bytes: Annotated[
        int, Meta(ge=1_048_576, description="Bodies held in memory at once, in bytes; beyond it the answer is 503.")
    ] = limits.INFLIGHT_BYTES
    inflight_requests: Annotated[int, Meta(ge=1, description="Requests that wait for a commit at once.")] = (
        limits.INFLIGHT_REQUESTS
    )
    drain_seconds: Annotated[
        int, Meta(ge=1, le=3600, description="How long a stop waits for the ledger and the store to catch up.")
    ] = limits.DRAIN_SECONDS


class Settings(_Section, frozen=True, kw_only=True):
    """Everything that can be set."""

    data: Annotated[Path, Meta(description="Data directory: ledger, vault, store, control.")] = Path("onrecord-data")
    keys: Annotated[
        Path | None,
        Meta(
            description="Directory of the key-encryption key; never inside the data directory. Default `<data>.keys`."
        ),
    ] = None
    kek: Annotated[
        str, Meta(description="The key-encryption key itself, instead of its file. Never on a command line.")
    ] = ""
    kek_command: Annotated[
        str, Meta(description="A command that prints the key-encryption key, instead of its file (a KMS client).")
    ] = ""
    store: Annotated[
        str,
        Meta(description="`chdb:///path` in-process or `clickhouse://host:port/db`. Default `chdb:///<data>/store`."),
    ] = ""
    workers: Annotated[
        int, Meta(ge=0, le=64, description="Processes that prepare under load, started on demand; 0 means never.")
    ] = 1
    origin_host: Annotated[
        str, Meta(description="Host name in the origin of the ledgers; fixed for ever at the first start.")
    ] = "localhost"
    demo: Annotated[bool, Meta(description="Marks the default project as demo data; every page says so.")] = False
    sql_console: Annotated[
        bool, Meta(description="Readers of a project may ask in SQL, over views of it; see docs/sql.md.")
    ] = False
    listen: Listen = Listen()
    project: ProjectDefaults = ProjectDefaults()
    gateway: Gateway = Gateway()
    bounds: Bounds = Bounds()

    @property
    def keys_directory(self) -> Path:
        """Where the keys live: as set, else beside the data directory."""
        return self.keys or self.data.with_name(self.data.name + ".keys")

    @property
    def kek_file(self) -> Path:
        """Where the key-encryption key lies, when it is a file."""
        return self.keys_directory / "kek"

    @property
    def store_url(self) -> str:
        """Where the store lives: as set, else inside the data directory."""
        return self.store or f"chdb://{self.data / 'store'}"

    @property
    def control_file(self) -> Path:
        """The control database."""
        return self.data / "control.db"


class Leaf(msgspec.Struct, frozen=True):
    """One setting, as a person sees it."""

    name: str
    section: str
    """Empty at the top of the file."""
    meaning: str
    default: Any
    repeated: bool
    is_flag: bool

    @property
    def variable(self) -> str:
        """Its name in the environment."""
        return PREFIX + self.name.upper()

    @property
    def flag(self) -> str:
        """Its name on the command line."""
        return "--" + self.name.replace("_", "-")


def leaves() -> Iterator[Leaf]:
    """Every setting, in the order of the tree."""
    for field in msgspec.structs.fields(Settings):
        if isinstance(field.default, _Section):
            yield from (_leaf(inner, field.name) for inner in msgspec.structs.fields(type(field.default)))
        else:
            yield _leaf(field, "")


def _leaf(field: msgspec.structs.FieldInfo, section: str) -> Leaf:
    meaning = next(meta.description or "" for meta in field.type.__metadata__)
    repeated = isinstance(field.default, tuple)
    return Leaf(field.name, section, meaning, field.default, repeated, isinstance(field.default, bool))


def read(flags: Mapping[str, Any], environ: Mapping[str, str] | None = None, file: Path | None = None) -> Settings:
    """Read the settings from flags, environment and file.

    Args:
        flags: values by leaf name; ``None`` means not given.
        environ: the environment, the process's own by default.
        file: a TOML file; else the one that ``ONRECORD_CONFIG`` names, else none.

    Raises:
        Rejected: a value does not fit, a name is not known, or two settings contradict each other.
    """
    environ = os.environ if environ is None else environ
    path = file or (Path(environ[FILE_VARIABLE]) if environ.get(FILE_VARIABLE) else None)
    tree = _read_file(path) if path else {}
    for leaf in leaves():
        given = flags.get(leaf.name)
        if given is None:
            given = environ.get(leaf.variable)
        if given is None:
            continue
        if leaf.repeated and isinstance(given, str):
            given = [word.strip() for word in given.split(",") if word.strip()]
        target = tree.setdefault(leaf.section, {}) if leaf.section else tree
        target[leaf.name] = given
    return _checked(_convert(tree))


def _read_file(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise Rejected(f"The configuration file {path} can not be read: {error.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Rejected(f"The configuration file {path} is not TOML: {error}.") from None


def _convert(tree: dict[str, Any]) -> Settings:
    try:
        return msgspec.convert(tree, Settings, strict=False, dec_hook=_to_path)
    except msgspec.ValidationError as error:
        raise Rejected(
            f"A setting does not fit: {error}.", hint="docs/configuration.md lists every setting and its form."
        ) from None


def _to_path(wanted: type, value: Any) -> Any:
    if wanted is Path and isinstance(value, (str, Path)):
        return Path(value).expanduser().absolute()
    raise NotImplementedError


def _checked(settings: Settings) -> Settings:
    """The settings, once they are known not to contradict each other."""
    data, keys = settings.data.expanduser().absolute(), settings.keys_directory.expanduser().absolute()
    if keys == data or data in keys.parents:
        raise Rejected(
            "The keys directory lies inside the data directory, so that a copy of the data would carry its own key.",
            hint="Choose a directory elsewhere with --keys.",
        )
    if (settings.listen.tls_cert is None) != (settings.listen.tls_key is None):
        raise Rejected("TLS needs both halves.", hint="Give --tls-cert and --tls-key together.")
    for proxy in settings.listen.trusted_proxies:
        try:
            ip_network(proxy)
        except ValueError:
            raise Rejected(
                "A trusted proxy is not an IP address or network.", hint="For example 10.0.0.5 or 10.0.0.0/24."
            ) from None
    return msgspec.structs.replace(settings, data=data, keys=keys)


def is_loopback(host: str) -> bool:
    """Whether an address or host name is this machine's own."""
    if host.rstrip(".").lower() == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
