"""A real server on loopback: the whole app on a database, and a client with a token."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI
from sqlalchemy import select

from flowo.accounts import tokens
from flowo.accounts.models import User
from flowo.accounts.schemas import Scope
from flowo.app import create_app
from flowo.db.engine import Database
from flowo.settings import Settings


@dataclass
class Served:
    """A server that listens. `client` has a token of full scope, of the local administrator."""

    app: FastAPI
    url: str
    client: httpx.AsyncClient
    token: str

    @property
    def database(self) -> Database:
        found: Database = self.app.state.database
        return found

    async def new_token(self, scope: Scope, user: User | None = None) -> str:
        async with self.database.session() as session:
            user = user or (await session.scalars(select(User).where(User.is_local))).one()
            _row, plain = await tokens.create(
                session, self.app.state.secret, user.id, name="test", scope=scope, expires_at=None
            )
        return plain


@contextlib.asynccontextmanager
async def serving(database_url: str, data_dir: Path, **settings: Any) -> AsyncIterator[Served]:
    data_dir.mkdir(exist_ok=True)
    app = create_app(Settings(data_dir=data_dir, **settings), database_url=database_url)
    listening = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="on", timeout_graceful_shutdown=2))
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    task = asyncio.create_task(server._serve([listening]))
    while not server.started:
        await asyncio.sleep(0.005)
        assert not task.done(), task.result()
    try:
        async with httpx.AsyncClient(base_url=url, timeout=30) as client:
            made = Served(app, url, client, "")
            made.token = await made.new_token(Scope.full)
            client.headers["Authorization"] = f"Bearer {made.token}"
            yield made
    finally:
        app.state.closing.set()
        server.should_exit = True
        await task
        listening.close()
