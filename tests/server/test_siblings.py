"""The runs of the same workflow before and after one."""

from __future__ import annotations

from typing import Any

import pytest
from snakemake_logger_plugin_flowo import wire

from tests import factories
from tests.factories import Tape
from tests.server.asked import get, post
from tests.server.servers import Served


async def chain(served: Served, folder: str, many: int) -> list[Tape]:
    tapes = [Tape().opened(name=f"run {i}", directory=folder).info(1).finished(1) for i in range(many)]
    for i, tape in enumerate(tapes):
        await post(served, tape if i == many - 1 else tape.ended())
        if i == 1:  # neither another workflow nor a dry run comes between
            await post(served, Tape().opened(directory=folder + "-other").ended())
            await post(served, Tape().opened(directory=folder, dry_run=True).ended())
    return tapes


async def around(served: Served, tape: Tape, **query: Any) -> Any:
    return await get(served, f"/api/v1/runs/{tape.run_id}/siblings", **query)


@pytest.mark.parametrize(
    ("which", "limit", "shown"),
    [(0, 20, range(7)), (0, 3, range(3)), (3, 3, range(2, 5)), (6, 3, range(4, 7)), (5, 4, range(3, 7)), (3, 1, [3])],
)
async def test_runs_around_one(served: Served, which: int, limit: int, shown: Any) -> None:
    tapes = await chain(served, f"/data/siblings-{which}-{limit}", 7)
    found = await around(served, tapes[which], limit=limit)
    assert [one["name"] for one in found["items"]] == [f"run {i}" for i in shown]
    ids = [str(tape.run_id) for tape in tapes]
    assert found["previous"] == (ids[which - 1] if which else None)
    assert found["next"] == (ids[which + 1] if which < 6 else None)


async def test_what_is_told_of_each(served: Served) -> None:
    tapes = await chain(served, "/data/siblings-told", 2)
    done, running = (await around(served, tapes[1]))["items"]
    assert (done["status"], done["seconds"], done["jobs"]["succeeded"]) == ("succeeded", 3.0, 1)
    assert (running["status"], running["ended_at"]) == ("running", None)


async def test_a_running_run_took_until_it_was_last_heard_by_its_own_clock(served: Served) -> None:
    tape = Tape().opened(directory="/data/siblings-clock").info(1)  # years behind the server's clock
    late = factories.headers(**{wire.SENT_AT_HEADER: repr(tape.at + 5)})
    answer = await served.client.post(tape.path, content=factories.packed(tape.body()), headers=late)
    assert answer.status_code == 200
    (running,) = (await around(served, tape))["items"]
    assert 5 <= running["seconds"] < 60
    told = await get(served, f"/api/v1/runs/{tape.run_id}")
    assert running["clock_offset"] == told["clock_offset"] > 1e6


async def test_a_dry_run_stands_among_the_others_without_being_one(served: Served) -> None:
    folder = "/data/siblings-dry"
    real, dry = Tape().opened(directory=folder).ended(), Tape().opened(directory=folder, dry_run=True).ended()
    await post(served, real)
    await post(served, dry)
    found = await around(served, dry)
    assert [one["id"] for one in found["items"]] == [str(real.run_id), str(dry.run_id)]
    assert (await around(served, real))["next"] is None
