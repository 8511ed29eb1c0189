"""Why nothing of a run runs: the rule, and what the API tells of it."""

from __future__ import annotations

import datetime as dt
import time
from typing import Any

import pytest
from snakemake_logger_plugin_flowo import wire
from sqlalchemy import text

from flowo.runs import state
from flowo.runs.state import Counts, Left, Pace, Signs, Waiting
from tests.factories import Tape
from tests.server.asked import get, post
from tests.server.servers import Served

NOW = dt.datetime(2026, 11, 24, 14, 0, tzinfo=dt.UTC)


def before(seconds: float) -> dt.datetime:
    return NOW - dt.timedelta(seconds=seconds)


def signs(**more: Any) -> Signs:
    return Signs(**({"now": NOW, "heard_at": before(3), "event_at": before(3)} | more))


@pytest.mark.parametrize(
    ("status", "counts", "known", "why"),
    [
        ("running", Counts(running=1, planned=4), signs(), None),
        ("running", Counts(planned=4), signs(), None),  # between one job and the next
        ("running", Counts(planned=4), signs(event_at=before(40)), Waiting("quiet", 4, before(40))),
        ("running", Counts(planned=4), signs(event_at=None), None),
        ("running", Counts(succeeded=4), signs(event_at=before(40)), None),  # nothing is left to run
        ("running", Counts(queued=2, planned=4), signs(submitted_at=before(900)), Waiting("cluster", 2, before(900))),
        ("running", Counts(queued=2, running=1), signs(submitted_at=before(900)), None),
        ("running", Counts(queued=2), signs(heard_at=before(50)), Waiting("unheard", 2, before(50))),
        ("running", Counts(running=2), signs(heard_at=before(50)), Waiting("unheard", 2, before(50))),
        ("running", Counts(running=2, planned=7), signs(cores=8, busy=6, smallest=4), Waiting("cores", 7, None)),
        ("running", Counts(running=2, planned=7), signs(cores=8, busy=6, smallest=2), None),
        ("running", Counts(running=2), signs(cores=8, busy=8, smallest=None), None),
        ("lost", Counts(queued=2), signs(heard_at=before(500)), None),  # its notice says so already
        ("failed", Counts(skipped=2), signs(event_at=before(500)), None),
    ],
)
def test_why_jobs_wait(status: str, counts: Counts, known: Signs, why: Waiting | None) -> None:
    assert state.waiting(status, counts, known) == why


def left(timed: int, open_jobs: dict[str, int] | None = None) -> Left | None:
    return state.remaining(
        open_jobs or {"map": 10}, {"map": Pace(timed, 60.0 * timed)}, {}, elapsed_s=100, busy_now=1
    )  # fmt: skip


def test_an_estimate_on_thin_ground_says_so() -> None:
    thin, firm = left(1), left(8)
    assert thin is not None
    assert firm is not None
    assert (thin.rough, firm.rough) == (True, False)
    assert thin.high - thin.low > firm.high - firm.low
    unknown = left(8, {"map": 9, "new": 1})
    assert unknown is not None
    assert unknown.rough  # of a tenth of the jobs nothing is known


async def aged(served: Served, tape: Tape, **seconds: float) -> None:
    """As if the run was heard of, and its last event came, this long ago."""
    async with served.database.session() as session:
        await session.execute(
            text("UPDATE run SET heard_at = heard_at - make_interval(secs => :s) WHERE id = :r"),
            {"s": seconds.get("heard", 0), "r": tape.run_id},
        )
        await session.execute(
            text("UPDATE journal SET heard_at = heard_at - make_interval(secs => :s) WHERE run_id = :r"),
            {"s": seconds.get("event", 0), "r": tape.run_id},
        )


async def told(served: Served, tape: Tape) -> Any:
    return (await get(served, f"/api/v1/runs/{tape.run_id}"))["waiting"]


async def test_the_api_tells_why(served: Served) -> None:
    tape = Tape(start=time.time() - 100).opened().add(wire.ResourcesInfo(cores=4))
    tape.planned({"job": i, "rule": "map", "threads": 3} for i in range(3))
    tape.add(wire.Log(text="Creating conda environment\nenvs/bwa.yaml..."))
    await post(served, tape)
    assert await told(served, tape) is None
    await aged(served, tape, event=120)
    why = await told(served, tape)
    assert (why["reason"], why["jobs"], why["said"]) == ("quiet", 3, "envs/bwa.yaml...")
    await post(served, tape.info(0, threads=3), len(tape.lines))
    why = await told(served, tape)
    assert (why["reason"], why["jobs"], why["busy"], why["cores"]) == ("cores", 2, 3, 4)
    await post(served, tape.finished(0).info(1, local=False), len(tape.lines) - 1)
    why = await told(served, tape)
    assert (why["reason"], why["jobs"]) == ("cluster", 1)
    run = await get(served, f"/api/v1/runs/{tape.run_id}")
    waited = dt.datetime.fromisoformat(run["now"]) - dt.datetime.fromisoformat(why["since"])
    assert abs(waited.total_seconds() - (time.time() - tape.at)) < 30  # by the server's clock
    await aged(served, tape, heard=50)
    assert (await told(served, tape))["reason"] == "unheard"
    await post(served, tape.finished(1).ended("failed"), len(tape.lines) - 1)
    assert await told(served, tape) is None
