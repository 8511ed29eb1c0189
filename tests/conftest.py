"""What all tests stand on: a clean environment, one PostgreSQL for the session, a cloned database for each test."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy.engine import URL

from flowo.db import migrate
from flowo.db.embedded import Embedded
from flowo.db.engine import Database, asyncpg_url

GIVEN_URL = os.environ.get("FLOWO_TEST_DATABASE_URL")

# The user's own flowo, its configuration and its data are none of the tests' business.
HOME = Path(tempfile.mkdtemp(prefix="flowo-test-"))
for variable in [name for name in os.environ if name.startswith(("FLOWO_", "XDG_"))]:
    del os.environ[variable]
os.environ |= {
    "HOME": str(HOME),
    "XDG_CONFIG_HOME": str(HOME / "config"),
    "XDG_DATA_HOME": str(HOME / "data"),
    "XDG_STATE_HOME": str(HOME / "state"),
    "XDG_CACHE_HOME": str(HOME / "cache"),
}

# A shell starts what runs in its background with SIGINT ignored, and so would be all that tests start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_unconfigure() -> None:
    shutil.rmtree(HOME, ignore_errors=True)


async def statement(url: URL, text: str) -> None:
    """Outside of a transaction, as CREATE DATABASE wants it."""
    host = url.host or url.query.get("host")
    assert isinstance(host, str)
    connection = await asyncpg.connect(
        host=host, port=url.port, user=url.username, password=url.password, database=url.database
    )
    try:
        await connection.execute(text)
    finally:
        await connection.close()


@pytest.fixture(scope="session")
def postgres() -> Iterator[URL]:
    """The maintenance database of one PostgreSQL for the whole session, which forgets all at a power cut."""
    if GIVEN_URL:
        yield asyncpg_url(GIVEN_URL)
        return
    place = Path(tempfile.mkdtemp(prefix="flowo-test-pg-"))
    if os.geteuid() == 0:
        place.chmod(0o711)  # PostgreSQL runs as another user there
    embedded = Embedded(place, durable=False)
    try:
        yield asyncpg_url(embedded.start())
    finally:
        embedded.stop()
        shutil.rmtree(place, ignore_errors=True)


@pytest.fixture(scope="session")
def template(postgres: URL) -> Iterator[str]:
    """The name of a migrated, empty database, which each test's own is cloned from."""
    name = f"flowo_template_{os.getpid()}"
    asyncio.run(statement(postgres, f"CREATE DATABASE {name}"))
    migrate.upgrade(postgres.set(database=name).render_as_string(hide_password=False))
    yield name
    asyncio.run(statement(postgres, f"DROP DATABASE {name}"))


@pytest.fixture(scope="session")
def numbers() -> Iterator[int]:
    return itertools.count(1)


Clone = Callable[[], contextlib.AbstractAsyncContextManager[str]]


@pytest.fixture(scope="session")
def clone(postgres: URL, template: str, numbers: Iterator[int]) -> Clone:
    """Makes the URL of a fresh database, dropped afterwards whoever is still connected."""

    @contextlib.asynccontextmanager
    async def cloned() -> AsyncIterator[str]:
        name = f"flowo_test_{os.getpid()}_{next(numbers)}"
        await statement(postgres, f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        yield postgres.set(database=name).render_as_string(hide_password=False)
        await statement(postgres, f"DROP DATABASE {name} WITH (FORCE)")

    return cloned


@pytest.fixture
async def database_url(clone: Clone) -> AsyncIterator[str]:
    """The URL of a database of this test's own."""
    async with clone() as url:
        yield url


@pytest.fixture
async def empty_url(postgres: URL, numbers: Iterator[int]) -> AsyncIterator[str]:
    """The URL of a database without any table, dropped afterwards."""
    name = f"flowo_empty_{os.getpid()}_{next(numbers)}"
    await statement(postgres, f"CREATE DATABASE {name}")
    yield postgres.set(database=name).render_as_string(hide_password=False)
    await statement(postgres, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """`flowo.db.engine.Database` on a database of this test's own."""
    made = Database(database_url)
    yield made
    await made.close()


@pytest.fixture
def place() -> Iterator[Path]:
    """A data directory that PostgreSQL's own user can pass to; pytest's temporary folders are closed to it."""
    made = Path(tempfile.mkdtemp(prefix="flowo-test-place-"))
    if os.geteuid() == 0:
        made.chmod(0o711)
    yield made
    shutil.rmtree(made, ignore_errors=True)
