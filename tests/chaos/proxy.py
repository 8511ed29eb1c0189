"""What stands between a plugin and its server: cuts connections anywhere, swallows answers, and says what proxies say."""

from __future__ import annotations

import asyncio
import collections
import contextlib
import random
import socket
import struct
from collections.abc import Callable

RESET = struct.pack("ii", 1, 0)  # SO_LINGER: the peer sees a reset, not an orderly end
BAD_GATEWAY = (
    b"HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nContent-Length: 21\r\nConnection: close\r\n\r\n"
    b"<html>Bad Gateway</html>"[:21]
)


class Proxy:
    """TCP on loopback; `upstream` tells the server's port, which stays over restarts."""

    def __init__(self, upstream: Callable[[], int], dice: random.Random) -> None:
        self.done: collections.Counter[str] = collections.Counter()
        self._upstream = upstream
        self._dice = dice
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self._upstream())
        except OSError:
            await self._refuse(writer)
            return
        fate = self._dice.choice(("kept", "request cut", "request cut", "answer cut", "answer cut", "answer swallowed"))
        sent = self._dice.randrange(200, 8_000) if fate == "request cut" else None
        back = {"answer cut": self._dice.randrange(1, 600), "answer swallowed": 0}.get(fate)
        pumps = [
            asyncio.create_task(_pump(reader, up_writer, sent)),
            asyncio.create_task(_pump(up_reader, writer, back)),
        ]
        done, rest = await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        if any(task.result() for task in done):
            self.done[fate] += 1
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)
        for each in (writer, up_writer):
            _reset(each)

    async def _refuse(self, writer: asyncio.StreamWriter) -> None:
        """The server is away: some proxies answer for it, others close."""
        if self._dice.random() < 0.5:
            self.done["bad gateway"] += 1
            with contextlib.suppress(OSError):
                writer.write(BAD_GATEWAY)
                await writer.drain()
        writer.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, most: int | None) -> bool:
    """Copies up to `most` bytes; whether it ended by that."""
    copied = 0
    with contextlib.suppress(OSError):
        while data := await reader.read(65_536):
            if most is not None and copied + len(data) > most:
                writer.write(data[: most - copied])
                await writer.drain()
                return True
            copied += len(data)
            writer.write(data)
            await writer.drain()
    return False


def _reset(writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        made: socket.socket = writer.get_extra_info("socket")
        made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    writer.transport.abort()
