"""One recorded directory for all attacks, and the option that makes them exhaustive."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.attack.world import world


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--every-byte``: flip each byte, which takes an hour."""
    parser.addoption("--every-byte", action="store_true", help="flip every byte of ledger, vault and spool")


@pytest.fixture(scope="session")
def victim() -> Iterator[Path]:
    """The directory; attacks work on copies."""
    shm = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=shm if shm.is_dir() else None) as made:
        world(Path(made))
        yield Path(made)
