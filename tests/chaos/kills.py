"""Kills a server, its PostgreSQL or both at random moments, and starts again what does not come back by itself."""

from __future__ import annotations

import asyncio
import collections
import contextlib
import os
import random
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from snakemake_logger_plugin_flowo.client import Failed

from tests.e2e.serving import Server, until

COMES_BACK = 180.0  # s; Snakemakes and their jobs keep all cores busy meanwhile


class Killer:
    """`done` counts what was killed."""

    def __init__(self, server: Server, dice: random.Random, every_s: float) -> None:
        self.server = server
        self.done: collections.Counter[str] = collections.Counter()
        self._dice = dice
        self._every_s = every_s
        self._over = asyncio.Event()

    @contextlib.asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        """Within, the server is away again and again; afterwards it and its database are there. Ends at once, with the
        reason, when the server does not come back."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._run(), name="killer")
            yield
            self._over.set()

        async def ready() -> bool:
            try:
                return bool(await self.server.ask("GET", "/readyz"))
            except Failed:
                return False

        await until(ready)

    async def _run(self) -> None:
        acts = [self._server, self._server, self._postgres, self._backend, self._both, self._frozen, self._restart]
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._over.wait(), self._dice.expovariate(1 / self._every_s))
            if self._over.is_set():
                return
            act = self._dice.choice(acts)
            self.done[act.__name__.strip("_")] += 1
            await act()

    async def _server(self) -> None:
        await self.server.kill()
        await self._start_again()

    async def _postgres(self) -> None:
        _kill(self._postmaster())

    async def _backend(self) -> None:
        """One of PostgreSQL's processes: the postmaster ends all others, and recovers."""
        children = list(_children(self._postmaster()))
        if children:
            _kill(self._dice.choice(children))

    async def _both(self) -> None:
        pid = self._postmaster()
        await self.server.kill()
        _kill(pid)
        await self._start_again()

    async def _frozen(self) -> None:
        """It takes connections and says nothing for a while."""
        self.server.process.send_signal(signal.SIGSTOP)
        await asyncio.sleep(self._dice.uniform(0.1, 1.5))
        self.server.process.send_signal(signal.SIGCONT)

    async def _restart(self) -> None:
        self.server.process.send_signal(signal.SIGTERM)
        await self.server.process.wait()
        await self._start_again()

    async def _start_again(self) -> None:
        await asyncio.sleep(self._dice.choice((0.0, 0.0, 0.3, 1.5)))
        await self.server.start(COMES_BACK)

    def _postmaster(self) -> int:
        try:
            return int((self.server.data_dir / "postgres/data/postmaster.pid").read_text().splitlines()[0])
        except (OSError, ValueError, IndexError):  # just now there is none
            return 0


def _kill(pid: int) -> None:
    if pid > 1:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _children(pid: int) -> Iterator[int]:
    with contextlib.suppress(OSError):
        yield from map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
