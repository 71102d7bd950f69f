"""The library: things that clients make beside their records and change at will (prompts, datasets, items, runs).

Each is a *document*: a map of JSON values. On disk it is sealed under a key of its project (docs/format/keys.md), and
whatever a client chose to call it stands there as a keyed digest only: a name that names a person, or an item that
holds what one said, is readable to nobody who has the file alone. A document may say which user or trace it was made
from: erasing that person destroys it.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

import msgspec
import zstandard
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import ColumnElement, Engine, Row, and_, delete, func, insert, or_, select, update

from onrecord.control.schema import documents, emptied, transaction
from onrecord.errors import Rejected
from onrecord.keys.locator import Locators
from onrecord.keys.seal import seal, unseal
from onrecord.limits import DOCUMENT_BYTES
from onrecord.model.project import Project
from onrecord.model.time import Clock

LIBRARY_KEY: Final = "library"
LOCATOR_KEY: Final = "locator"
_LEVEL: Final = 3
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(tuple[str, str, str, dict[str, Any]]).decode


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """One version of one document."""

    kind: str
    """A word of ours, such as ``prompt`` or ``dataset.item``."""
    id: str
    name: str = ""
    parent: str = ""
    """Id of the document that this one belongs to."""
    version: int = 1
    created_us: int = 0
    updated_us: int = 0
    value: Mapping[str, Any] = {}


class Origin(msgspec.Struct, frozen=True):
    """Whom or what a document was made from; empty: nobody and nothing."""

    user_id: str = ""
    trace_id: str = ""


NOBODY: Final = Origin()


class Library:
    """The documents of every project. Safe for threads."""

    def __init__(self, engine: Engine, key_of: Callable[[Project, str], bytes], clock: Clock) -> None:
        """``key_of`` gives the 32-byte key of a project that has a name, always the same."""
        self._engine = engine
        self._key_of = key_of
        self._clock = clock
        self._ciphers: dict[int, _Cipher] = {}

    def put(self, project: Project, document: Document, origin: Origin = NOBODY) -> Document:
        """Keep a version of a document, in place of the same version if there is one.

        Its time of making stays when it is replaced. Returned as kept.

        Raises:
            Rejected: 413, it is larger than ``DOCUMENT_BYTES``.
        """
        cipher = self._cipher(project)
        packed = _encode((document.id, document.name, document.parent, document.value))
        if len(packed) > DOCUMENT_BYTES:
            raise Rejected(f"A {document.kind} is larger than {DOCUMENT_BYTES} bytes.", status=413)
        now_us = self._clock.now_us()
        place = _place(project, document.kind, cipher.locate("id", document.id), document.version)
        changing = {
            "name": cipher.locate("name", document.name),
            "parent": cipher.locate("id", document.parent),
            "user": cipher.locators.user(origin.user_id) if origin.user_id else b"",
            "trace": cipher.locators.trace(origin.trace_id) if origin.trace_id else b"",
            "updated_us": now_us,
            "body": cipher.seal(packed, document.kind),
        }
        with transaction(self._engine) as connection:
            made_us = connection.execute(select(documents.c.created_us).where(_matches(place))).scalar()
            if made_us is None:
                made_us = document.created_us or now_us
                connection.execute(insert(documents).values(**place, **changing, created_us=made_us))
            else:
                connection.execute(update(documents).where(_matches(place)).values(**changing))
        return msgspec.structs.replace(document, created_us=made_us, updated_us=now_us)

    def get(self, project: Project, kind: str, id_: str, version: int | None = None) -> Document | None:
        """A document by its id, the newest version unless one is named; nothing when there is none."""
        cipher = self._cipher(project)
        return self._newest(project, kind, documents.c.key == cipher.locate("id", id_), version, cipher)

    def named(self, project: Project, kind: str, name: str, version: int | None = None) -> Document | None:
        """The document of that name, the newest version of the one made last unless a version is named."""
        cipher = self._cipher(project)
        return self._newest(project, kind, documents.c.name == cipher.locate("name", name), version, cipher)

    def every(
        self, project: Project, kind: str, *, parent: str = "", name: str = "", offset: int = 0, limit: int = 1_000
    ) -> list[Document]:
        """Every version of every document of a kind, of one parent or name if given, in the order of making."""
        cipher = self._cipher(project)
        chosen = (
            select(documents)
            .where(self._of(project, kind, cipher, parent, name))
            .order_by(documents.c.created_us, documents.c.key, documents.c.version)
            .offset(offset)
            .limit(limit)
        )
        with self._engine.connect() as connection:
            return [_document(row, cipher) for row in connection.execute(chosen)]

    def count(self, project: Project, kind: str, *, parent: str = "", name: str = "") -> int:
        """How many versions ``every`` would give without a limit."""
        cipher = self._cipher(project)
        with self._engine.connect() as connection:
            counted = select(func.count()).select_from(documents).where(self._of(project, kind, cipher, parent, name))
            return int(connection.execute(counted).scalar() or 0)

    def remove(self, project: Project, kind: str, id_: str) -> int:
        """Remove every version of a document, and of what belongs to it; how many went."""
        digest = self._cipher(project).locate("id", id_)
        own = and_(documents.c.kind == kind, documents.c.key == digest)
        with transaction(self._engine) as connection:
            gone = connection.execute(
                delete(documents).where(documents.c.project == project.number, or_(own, documents.c.parent == digest))
            ).rowcount
        emptied(self._engine)
        return gone

    def retire(self, project: Project, subject: int, user: bytes, traces: Collection[bytes]) -> None:
        """Mark what was made from a person or their traces (both as locators), for ``erase``."""
        made_from = or_(documents.c.user == user, documents.c.trace.in_(traces))
        with transaction(self._engine) as connection:
            connection.execute(
                update(documents).where(documents.c.project == project.number, made_from).values(erasing=subject)
            )

    def erase(self, subject: int) -> int:
        """Destroy what ``retire`` marked, so that no byte of it is left in the file; how many documents went."""
        with transaction(self._engine) as connection:
            gone = connection.execute(delete(documents).where(documents.c.erasing == subject)).rowcount
        emptied(self._engine)
        return gone

    def _cipher(self, project: Project) -> "_Cipher":
        cipher = self._ciphers.get(project.number)
        if cipher is None:
            key = self._key_of(project, LIBRARY_KEY)
            cipher = self._ciphers[project.number] = _Cipher(key, Locators(self._key_of(project, LOCATOR_KEY)))
        return cipher

    def _newest(
        self, project: Project, kind: str, which: ColumnElement[bool], version: int | None, cipher: "_Cipher"
    ) -> Document | None:
        chosen = select(documents).where(documents.c.project == project.number, documents.c.kind == kind, which)
        if version is not None:
            chosen = chosen.where(documents.c.version == version)
        newest = chosen.order_by(documents.c.version.desc(), documents.c.created_us.desc()).limit(1)
        with self._engine.connect() as connection:
            row = connection.execute(newest).first()
        return None if row is None else _document(row, cipher)

    @staticmethod
    def _of(project: Project, kind: str, cipher: "_Cipher", parent: str, name: str) -> ColumnElement[bool]:
        conditions = [documents.c.project == project.number, documents.c.kind == kind]
        if parent:
            conditions.append(documents.c.parent == cipher.locate("id", parent))
        if name:
            conditions.append(documents.c.name == cipher.locate("name", name))
        return and_(*conditions)


class _Cipher:
    """What one project's documents are sealed with, and found by."""

    def __init__(self, key: bytes, locators: Locators) -> None:
        self._aead = AESGCM(key)
        self.locators = locators

    def locate(self, what: str, text: str) -> bytes:
        """The locator of an id or a name; empty for none."""
        return self.locators.document(what, text) if text else b""

    def seal(self, packed: bytes, kind: str) -> bytes:
        """``nonce || ciphertext || tag`` of a compressed value."""
        return seal(self._aead, zstandard.compress(packed, _LEVEL), _domain(kind))

    def open(self, body: bytes, kind: str) -> tuple[str, str, str, dict[str, Any]]:
        """Id, name, parent and value; raises ``Corrupt`` when a byte is another."""
        return _decode(zstandard.decompress(unseal(self._aead, body, _domain(kind))))


def _domain(kind: str) -> bytes:
    return b"onrecord/document/v1/" + kind.encode("ascii")


def _place(project: Project, kind: str, key: bytes, version: int) -> dict[str, Any]:
    return {"project": project.number, "kind": kind, "key": key, "version": version}


def _matches(place: Mapping[str, Any]) -> ColumnElement[bool]:
    return and_(*(documents.c[name] == value for name, value in place.items()))


def _document(row: Row[Any], cipher: _Cipher) -> Document:
    id_, name, parent, value = cipher.open(row.body, row.kind)
    return Document(
        kind=row.kind,
        id=id_,
        name=name,
        parent=parent,
        version=row.version,
        created_us=row.created_us,
        updated_us=row.updated_us,
        value=value,
    )
