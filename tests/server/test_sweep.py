"""What PostgreSQL knows of the jobs' table once a large run came."""

from __future__ import annotations

import asyncio

from sqlalchemy import text

from flowo.ingest import sweep
from tests.factories import Tape
from tests.server.asked import post
from tests.server.servers import Served

KNOWN = text("SELECT reltuples FROM pg_class WHERE oid = 'job_state'::regclass")


async def test_a_large_run_is_looked_at_at_once(alone: Served) -> None:
    assert not await sweep.look_at_jobs(alone.database)
    jobs = [{"job": number, "rule": "map"} for number in range(sweep.LARGE + 1)]
    await post(alone, Tape().opened().planned(jobs))

    async def known() -> int:
        async with alone.database.session() as session:
            return int((await session.execute(KNOWN)).scalar_one())

    async with asyncio.timeout(30):  # a backend tells of its changes within some seconds
        while await known() < len(jobs):
            await sweep.look_at_jobs(alone.database)
            await asyncio.sleep(0.1)
    assert not await sweep.look_at_jobs(alone.database)
