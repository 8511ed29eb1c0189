"""The one LISTEN connection of a process: hands hints on, and comes back by itself."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import asyncpg
from sqlalchemy.engine import URL

from flowo.db.engine import AWAY

log = logging.getLogger(__name__)

CHECK_S = 15.0  # a connection that answers nothing for so long is made anew
RETRY_S = 1.0
TIMEOUT_S = 10.0


class Listener:
    """`handlers`: for each channel what to do with a payload. `on_return`: called when hints may have been missed."""

    def __init__(
        self, url: URL, handlers: Mapping[str, Callable[[str], None]], on_return: Iterable[Callable[[], None]]
    ) -> None:
        self._url = url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._handlers = handlers
        self._on_return = tuple(on_return)
        self._task: asyncio.Task[None] | None = None
        self._away = False  # said once, until it is back

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="listener")

    async def stop(self) -> None:
        if self._task:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    def _hear(self, _connection: Any, _pid: int, channel: str, payload: Any) -> None:
        self._handlers[channel](str(payload))

    async def _run(self) -> None:
        while True:
            try:
                await self._listen()
            except AWAY as error:
                if not self._away:
                    log.info("the listening connection ended (%s); trying again", error)
                self._away = True
            await asyncio.sleep(RETRY_S)

    async def _listen(self) -> None:
        connection = await asyncpg.connect(
            self._url, timeout=TIMEOUT_S, server_settings={"application_name": "flowo listener"}
        )
        try:
            for channel in self._handlers:
                await connection.add_listener(channel, self._hear)
            for missed in self._on_return:
                missed()
            if self._away:
                log.info("listening again")
            self._away = False
            while True:
                await asyncio.sleep(CHECK_S)
                await connection.execute("SELECT 1", timeout=TIMEOUT_S)
        finally:
            connection.terminate()
