"""The engine, and sessions that live as short as a statement needs."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import asyncpg
import orjson
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

if TYPE_CHECKING:  # asyncpg's classes are generic in its stubs only
    Driver = asyncpg.Connection[asyncpg.Record]
else:
    Driver = asyncpg.Connection


# A database that cannot be asked now. What it answers while a connection is made (starting up, too many clients) comes
# as the driver's own exceptions; SQLAlchemy wraps only what comes later.
AWAY = (
    SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError, TimeoutError
)  # fmt: skip
_GOING = ("08", "53", "57P", "58")  # SQLSTATE: connection lost, no room, shutting down or starting up, its disk


class NotThere(ConnectionError):
    """No connection to the database can be made."""


def away(error: BaseException | None) -> bool:
    """Whether an error says that the database cannot be asked now, rather than that it was asked amiss."""
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or away(error.orig)
    if isinstance(error, NotThere | PoolTimeout | asyncpg.InterfaceError | asyncpg.InternalClientError):
        return True  # the driver's own: a connection that ended under a statement or a transaction
    state = getattr(error, "sqlstate", None)
    return isinstance(state, str) and state.startswith(_GOING)


def asyncpg_url(url: str) -> URL:
    """Any of postgres://, postgresql://, postgresql+x:// as the URL of our driver."""
    return make_url(url.replace("postgres://", "postgresql://", 1)).set(drivername="postgresql+asyncpg")


# A second process costs 3 ms to start, not the tenth of a second that its default price stands for: with that, jobs
# that a search leaves were never read by two.
SESSION = {"application_name": "flowo", "jit": "off", "parallel_setup_cost": "200"}


class Database:
    """One engine of one process. `url`: any PostgreSQL URL."""

    def __init__(self, url: str, *, pool_size: int = 8) -> None:
        self.url = asyncpg_url(url)
        self.engine: AsyncEngine = create_async_engine(
            self.url,
            pool_size=pool_size,
            max_overflow=0,
            pool_pre_ping=True,
            json_deserializer=orjson.loads,
            connect_args={"server_settings": SESSION, "timeout": 10},
        )
        self._sessions = async_sessionmaker(self.engine, expire_on_commit=False)

    @contextlib.asynccontextmanager
    async def session(self, *, snapshot: bool = False) -> AsyncIterator[AsyncSession]:
        """A session in one transaction: committed at the end, rolled back on an exception. `snapshot`: all that it
        reads is of one moment."""
        options = {"isolation_level": "REPEATABLE READ"} if snapshot else None
        async with self._sessions() as session, session.begin():
            try:
                await session.connection(execution_options=options)
            except OSError as error:
                raise NotThere(str(error)) from error
            yield session

    @contextlib.asynccontextmanager
    async def driver(self) -> AsyncIterator[Driver]:
        """The driver's own connection, for statements whose cost is in the layers above it. No transaction yet."""
        connection = self.engine.connect()
        try:
            await connection.start()
        except OSError as error:
            raise NotThere(str(error)) from error
        async with contextlib.aclosing(connection):
            raw = await connection.get_raw_connection()
            driver = raw.driver_connection
            assert driver is not None
            yield driver

    async def close(self) -> None:
        await self.engine.dispose()
