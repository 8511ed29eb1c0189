"""Tells other processes, after the commit, which runs moved: coalesced, and only ever a hint."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import uuid

from sqlalchemy import text

from flowo.db.engine import Database

log = logging.getLogger(__name__)

RUNS_CHANNEL = "flowo_runs"  # payload: ids of runs, comma separated
WANTED_CHANNEL = "flowo_logs_wanted"  # payload: ids of runs of which somebody wants to see a log, comma separated
LOGS_CHANNEL = "flowo_logs"  # payload: names of logs of which more was read (`tails.Log.name`), comma separated
RIGHTS_CHANNEL = "flowo_rights"  # payload: id of a user whose rights changed
SPACING_S = 0.1  # house rule: the first change after a quiet moment at once, then one transaction each 100 ms
NAMES = 100  # of at most 70 characters and a comma: below the 8,000 bytes that a payload may have


class Notifier:
    """One for a process; a hint costs nothing but a set's entry."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._pending: set[tuple[str, str]] = set()  # channel, name
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="notifier")

    async def stop(self) -> None:
        if self._task:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    def moved(self, run_id: uuid.UUID) -> None:
        self.hint(RUNS_CHANNEL, str(run_id))

    def hint(self, channel: str, name: str) -> None:
        self._pending.add((channel, name))
        self._wake.set()

    async def rights_changed(self, user_id: uuid.UUID) -> None:
        """Every process closes the streams of this user."""
        async with self._database.session() as session:
            await session.execute(text("SELECT pg_notify(:c, :p)"), {"c": RIGHTS_CHANNEL, "p": str(user_id)})

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            pending, self._pending = self._pending, set()
            try:
                async with self._database.driver() as pg:
                    for channel in (RUNS_CHANNEL, WANTED_CHANNEL, LOGS_CHANNEL):
                        names = [name for its, name in pending if its == channel]
                        for i in range(0, len(names), NAMES):
                            payload = ",".join(names[i : i + NAMES])
                            await pg.execute("SELECT pg_notify($1, $2)", channel, payload)
            except Exception as error:  # the hint is lost; the streams' own poll makes it good
                log.warning("could not notify: %s", error)
            await asyncio.sleep(SPACING_S)
