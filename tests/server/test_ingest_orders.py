"""Any split, order, duplication and resending of a run's batches ends in the rows of the undisturbed run, though the
database's connections are cut under the requests. `make chaos` kills the server and PostgreSQL too."""

from __future__ import annotations

import asyncio
import random
import uuid
from pathlib import Path
from typing import Any

from flowo.db.engine import asyncpg_url
from tests.chaos.orders import Orders, recorded
from tests.conftest import Clone, statement
from tests.server.rows import rows
from tests.server.servers import Served, serving

CASES = 30
NAMES = ["retries", "cluster_group", "sigterm", "quiet_rules", "missinginput", "ver_v900_fail"]
CUT = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{}'"


async def held_of(served: Served, run_id: uuid.UUID) -> dict[str, list[Any]]:
    async with served.database.driver() as pg:
        return await rows(pg, run_id)


async def test_any_order_ends_in_the_same_rows(clone: Clone, tmp_path: Path) -> None:
    tapes = await asyncio.to_thread(recorded, NAMES)
    async with clone() as url, serving(url, tmp_path / "data", lost_after_s=1) as served:
        made = Orders(lambda: served.url, served.token, tapes, seed=1)
        dice = random.Random(1)
        at = asyncpg_url(url)

        async def cutting() -> None:
            while True:
                await asyncio.sleep(dice.expovariate(5))
                await statement(at.set(database="postgres"), CUT.format(at.database))

        cutter = asyncio.create_task(cutting())
        try:
            await made.all(CASES)
        finally:
            cutter.cancel()
        assert len(made.cases) == CASES
        assert made.answers["503"], "no request was hit"
        async with served.database.driver() as pg:
            assert not await made.wrong(pg)
        await made.client.aclose()
