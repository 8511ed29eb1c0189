"""What one process does every some seconds, taken by advisory lock: marks runs lost that nobody hears of, and has
PostgreSQL look at what is new among the jobs."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import uuid

from sqlalchemy import text

from flowo.db.engine import AWAY, Database
from flowo.db.notify import Notifier
from flowo.ingest import tails
from flowo.runs import state

log = logging.getLogger(__name__)

LOCK = 0x666C6F77  # "flow"; any number that no other program takes in this database
AWAY_S = 30.0  # without a pulse for so long, ingest was away, and no run's silence before counts

PULSE = """
INSERT INTO pulse (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET
  since = CASE WHEN pulse.at < clock_timestamp() - make_interval(secs => :away) THEN clock_timestamp()
               ELSE pulse.since END,
  at = clock_timestamp()"""
LOST = f"""
UPDATE run SET status = '{state.LOST}', lost_since = heard_at, revision = revision + 1, changed_at = clock_timestamp()
WHERE status = '{state.RUNNING}' AND heard_at < clock_timestamp() - make_interval(secs => :lost)
  AND (SELECT since FROM pulse WHERE id = 1) < clock_timestamp() - make_interval(secs => :lost)
RETURNING id"""
# PostgreSQL plans by what it last saw of a table, and of a run that it hasn't seen expects a handful of jobs. By itself
# it looks after up to a minute and a tenth of all jobs: until then each page of a large run took half as long again.
LARGE = 10_000  # changes; a look takes 0.2 s
NEW = f"""
SELECT pg_stat_get_mod_since_analyze('job_state'::regclass) > {LARGE}
   AND pg_stat_get_mod_since_analyze('job_state'::regclass) > pg_stat_get_live_tuples('job_state'::regclass) / 50"""


async def sweep(database: Database, lost_after_s: float) -> list[uuid.UUID]:
    """The runs that are lost from now on, by the database's clock; none where another process sweeps."""
    async with database.session() as session:
        if not (await session.execute(text("SELECT pg_try_advisory_xact_lock(:k)"), {"k": LOCK})).scalar_one():
            return []
        await session.execute(text(PULSE), {"away": min(AWAY_S, lost_after_s)})
        await session.execute(text(tails.SWEEP))
        return list((await session.execute(text(LOST), {"lost": lost_after_s})).scalars())


async def look_at_jobs(database: Database) -> bool:
    """Whether there were so many changes that PostgreSQL was told to look; where flowo doesn't own the table, it only
    warns."""
    async with database.session() as session:
        new = (await session.execute(text("SELECT pg_try_advisory_xact_lock(:k)"), {"k": LOCK})).scalar_one() and (
            await session.execute(text(NEW))
        ).scalar_one()
        if new:
            await session.execute(text("ANALYZE job_state"))
    return bool(new)


class Sweeper:
    def __init__(self, database: Database, notifier: Notifier, lost_after_s: float) -> None:
        self._database, self._notifier, self._lost_after_s = database, notifier, lost_after_s
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="sweeper")

    async def stop(self) -> None:
        if self._task:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        while True:
            try:
                for run_id in await sweep(self._database, self._lost_after_s):
                    self._notifier.moved(run_id)
                await look_at_jobs(self._database)
            except AWAY as error:
                log.info("could not look for lost runs: %s", error)
            await asyncio.sleep(min(10.0, self._lost_after_s / 3))
