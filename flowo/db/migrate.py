"""Brings a database to the newest schema: Alembic from inside the package, one process at a time.

Alembic is imported only where there is something to migrate: that is a fifth of a start.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import re
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

import importlib_resources
from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from flowo.db.engine import AWAY, asyncpg_url
from flowo.errors import StartupError

if TYPE_CHECKING:
    from alembic.config import Config

# Any number that no other program on the same database takes for its own lock.
LOCK = 0x666C6F776F  # "flowo"
OLDEST_SERVER = 140_000


@contextlib.contextmanager
def configuration(connection: Connection | None = None) -> Iterator[Config]:
    """Alembic's configuration, with the scripts as files even when the package is a zip."""
    with importlib_resources.as_file(importlib_resources.files("flowo.db") / "migrations") as scripts:
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", str(scripts).replace("%", "%%"))
        config.set_main_option("path_separator", "os")
        config.set_main_option("file_template", "%%(year)d%%(month).2d%%(day).2d_%%(slug)s")
        config.attributes["connection"] = connection
        yield config


def upgrade(url: str) -> None:
    """Migrates the database of `url`; callable with or without a running event loop. Raises StartupError."""
    failure: list[BaseException] = []

    def run() -> None:
        try:
            asyncio.run(_upgrade(url))
        except BaseException as error:
            failure.append(error)

    thread = threading.Thread(target=run, name="flowo-migrate")  # a loop of its own beside the caller's
    thread.start()
    thread.join()
    if failure:
        raise failure[0]


async def _upgrade(url: str) -> None:
    engine = create_async_engine(asyncpg_url(url), poolclass=NullPool, connect_args={"timeout": 10})
    try:
        async with engine.connect() as connection:
            version = (await connection.execute(text("SHOW server_version_num"))).scalar_one()
            if int(version) < OLDEST_SERVER:
                raise StartupError(f"the database is PostgreSQL {int(version) // 10_000}; flowo needs 14 or later")
            # Held by the session, so that it spans the migrations' transaction and goes when the process dies.
            await connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": LOCK})
            await connection.commit()
            try:
                await connection.run_sync(_migrate)
                await connection.commit()
            finally:
                await connection.rollback()
                await connection.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": LOCK})
                await connection.commit()
    except (OSError, SQLAlchemyError, TimeoutError) as error:
        shown = asyncpg_url(url).render_as_string(hide_password=True)
        reason = str(getattr(error, "orig", None) or error).splitlines() or [type(error).__name__]
        raise StartupError(f"the database {shown} cannot be used: {reason[0]}") from error
    finally:
        await engine.dispose()


def _migrate(connection: Connection) -> None:
    present = _present(connection)
    if present - revisions():
        raise StartupError(
            f"the database was migrated by a newer flowo ({', '.join(sorted(present - revisions()))}): "
            "install that version again, or give another database"
        )
    if present != heads():
        from alembic import command

        with configuration(connection) as config:
            command.upgrade(config, "heads")


def _present(connection: Connection) -> set[str]:
    """The revisions that the database says it has."""
    if connection.scalar(text("SELECT to_regclass('alembic_version')")) is None:
        return set()
    return set(connection.scalars(text("SELECT version_num FROM alembic_version")))


@functools.cache
def _links() -> dict[str, str | None]:
    """Each migration's revision and the one before it, read from their texts."""
    found = {}
    for file in (importlib_resources.files("flowo.db") / "migrations" / "versions").iterdir():
        if file.name.endswith(".py"):
            values = dict(
                re.findall(r"(?m)^(revision|down_revision)\b[^=]*= (?:['\"](\w+)['\"]|None)", file.read_text())
            )
            if "revision" in values:
                found[values["revision"]] = values.get("down_revision") or None
    return found


def revisions() -> set[str]:
    return set(_links())


def heads() -> set[str]:
    return set(_links()) - set(_links().values())


async def is_current(engine: AsyncEngine) -> bool:
    """Whether the database is there and has the newest schema."""
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(_present) == heads()
    except AWAY:
        return False


def check(connection: Connection) -> None:
    """Raises alembic.util.AutogenerateDiffsDetected when the schema is not that of the models."""
    from alembic import command

    with configuration(connection) as config:
        command.check(config)


def revise(connection: Connection, message: str) -> None:
    """Writes a new migration from the difference between the models and the schema (for developers)."""
    from alembic import command

    with configuration(connection) as config:
        command.revision(config, message, autogenerate=True)
