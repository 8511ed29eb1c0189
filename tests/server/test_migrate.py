"""Migrations: the same schema as the models, one process at a time, and words for databases that cannot be used."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import text

from flowo.db import migrate
from flowo.db.engine import Database
from flowo.errors import StartupError

UPGRADE = "import sys; from flowo.db.migrate import upgrade; upgrade(sys.argv[1])"


async def test_schema_equals_the_models(database: Database) -> None:
    async with database.engine.connect() as connection:
        await connection.run_sync(migrate.check)


async def test_current(database: Database, empty_url: str) -> None:
    assert await migrate.is_current(database.engine)
    other = Database(empty_url)
    assert not await migrate.is_current(other.engine)
    await other.close()


async def test_unreachable_is_not_current() -> None:
    database = Database("postgresql://nobody@127.0.0.1:1/nothing")
    assert not await migrate.is_current(database.engine)
    await database.close()


async def test_several_processes_at_once(empty_url: str) -> None:
    children = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", UPGRADE, empty_url, stderr=asyncio.subprocess.PIPE)
        for _ in range(3)
    ]
    for child in children:
        _, said = await child.communicate()
        assert child.returncode == 0, said.decode()
    database = Database(empty_url)
    assert await migrate.is_current(database.engine)
    await database.close()


async def test_upgrade_within_a_running_loop(empty_url: str) -> None:
    await asyncio.to_thread(migrate.upgrade, empty_url)
    migrate.upgrade(empty_url)  # nothing to do, and from the loop's own thread


async def test_schema_of_a_newer_flowo(database: Database, database_url: str) -> None:
    async with database.session() as session:
        await session.execute(text("UPDATE alembic_version SET version_num = 'fromthefuture'"))
    with pytest.raises(StartupError, match="newer flowo"):
        migrate.upgrade(database_url)


@pytest.mark.parametrize(
    "url", ["postgresql://nobody:hunter2@127.0.0.1:1/nothing", "postgresql://nobody:hunter2@host.invalid/nothing"]
)
def test_unreachable_database(url: str) -> None:
    with pytest.raises(StartupError, match="cannot be used") as caught:
        migrate.upgrade(url)
    assert "\n" not in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_revisions_are_read_right() -> None:
    with migrate.configuration() as config:
        script = ScriptDirectory.from_config(config)
        assert migrate.heads() == set(script.get_heads())
        assert migrate.revisions() == {revision.revision for revision in script.walk_revisions()}


def test_migrations_are_dated() -> None:
    with migrate.configuration() as config:
        folder = Path(str(config.get_main_option("script_location"))) / "versions"
    names = [path.name for path in folder.glob("*.py")]
    assert names
    assert all(name[:8].isdigit() and name[8] == "_" for name in names)
