"""Open streams, read message by message."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx

from tests.server.servers import Served


@dataclasses.dataclass
class Stream:
    """An open stream, read message by message."""

    lines: AsyncIterator[str]
    last_id: str | None = None

    async def message(self, *names: str, seconds: float = 10) -> dict[str, Any]:
        """The next message with one of these names; others, and pings, are passed over."""
        async with asyncio.timeout(seconds):
            name, data = "", ""
            async for line in self.lines:
                field, _, value = line.partition(": ")
                if field == "event":
                    name = value
                elif field == "data":
                    data = value
                elif field == "id":
                    self.last_id = value
                elif not line and data:
                    if not names or name in names:
                        return {"event": name, **json.loads(data)}
                    name, data = "", ""
        raise EOFError

    async def run(self, until: Any) -> dict[str, Any]:
        """The first `run` message for which `until` is true."""
        while True:
            message = await self.message("run")
            if until(message):
                return message


@contextlib.asynccontextmanager
async def stream(served: Served, topics: str, **query: str) -> AsyncIterator[Stream]:
    token = query.pop("token", served.token)
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        httpx.AsyncClient(base_url=served.url, timeout=30) as client,
        client.stream("GET", "/api/v1/stream", params={"topics": topics, **query}, headers=headers) as response,
    ):
        assert response.status_code == 200, await response.aread()
        assert response.headers["x-accel-buffering"] == "no"
        assert response.headers["content-type"].startswith("text/event-stream")
        opened = Stream(response.aiter_lines())
        assert (await opened.message())["event"] == "hello"
        yield opened
