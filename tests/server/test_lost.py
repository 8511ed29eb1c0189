"""Lost runs: when they are, that a word brings them back, and what a person assumed of them."""

from __future__ import annotations

import asyncio
import datetime as dt
import time
import uuid
from pathlib import Path
from typing import Any

from snakemake_logger_plugin_flowo import wire
from sqlalchemy import text

from flowo.ingest.sweep import sweep
from tests import factories
from tests.factories import Tape
from tests.server.asked import get, pages, post, several
from tests.server.servers import Served, serving


async def age(served: Served, seconds: float) -> None:
    """As if the last word of every run, and the beginning of ingest, lay this far back."""
    async with served.database.session() as session:
        await session.execute(text("INSERT INTO pulse (id) VALUES (1) ON CONFLICT DO NOTHING"))
        await session.execute(text("UPDATE pulse SET since = since - make_interval(secs => :s)"), {"s": seconds})
        await session.execute(text("UPDATE run SET heard_at = heard_at - make_interval(secs => :s)"), {"s": seconds})


async def test_silence_makes_a_run_lost_and_a_word_brings_it_back(alone: Served) -> None:
    tape = several()
    await post(alone, tape)
    path = f"/api/v1/runs/{tape.run_id}"
    assert await sweep(alone.database, 60) == []
    await age(alone, 61)
    assert await sweep(alone.database, 60) == [tape.run_id]
    assert await sweep(alone.database, 60) == []
    lost = await get(alone, path)
    assert lost["status"] == "lost"
    assert lost["lost_since"] == lost["last_heard_at"]
    assert lost["jobs"]["running"] == 2
    assert (await alone.client.post(f"{tape.path[:-7]}/heartbeat")).status_code == 204
    back = await get(alone, path)
    assert (back["status"], back["lost_since"]) == ("running", None)
    assert back["revision"] > lost["revision"]


async def test_a_record_whose_writer_is_gone_is_of_a_lost_run_at_once(served: Served) -> None:
    tape = Tape(start=time.time() - 3_600).opened().info(1)

    async def bring(first: int, last: int | None = None, writer: str = "gone") -> dict[str, Any]:
        headers = factories.headers() | {wire.WRITER_HEADER: writer}
        answer = await served.client.post(tape.path, content=factories.packed(tape.body(first, last)), headers=headers)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = await get(served, f"/api/v1/runs/{tape.run_id}")
        return found

    run = await bring(1, 1)
    assert run["status"] == "lost"
    silent = dt.datetime.fromisoformat(run["now"]) - dt.datetime.fromisoformat(run["lost_since"])
    assert 3_590 < silent.total_seconds() < 3_700  # since its last word, not since it came
    run = await bring(2, 2)
    assert (run["status"], run["jobs"]["running"]) == ("lost", 1)
    tape.finished(1)
    assert (await bring(3, writer="from the future"))["status"] == "running"
    tape.ended()
    run = await bring(4)
    assert (run["status"], run["lost_since"]) == ("succeeded", None)


async def test_no_run_is_lost_for_our_own_absence(alone: Served) -> None:
    tape = several()
    await post(alone, tape)
    await sweep(alone.database, 60)
    await age(alone, 600)
    async with alone.database.session() as session:  # nobody swept for ten minutes: ingest was away
        await session.execute(text("UPDATE pulse SET at = at - interval '600 s'"))
    assert await sweep(alone.database, 60) == []
    assert (await get(alone, f"/api/v1/runs/{tape.run_id}"))["status"] == "running"


async def test_a_lost_run_is_declared_ended_and_may_come_back(alone: Served) -> None:
    tape = several()
    await post(alone, tape)
    path = f"/api/v1/runs/{tape.run_id}"
    assert (await alone.client.post(f"{path}/end")).status_code == 409
    await age(alone, 61)
    await sweep(alone.database, 60)
    ended = (await alone.client.post(f"{path}/end")).json()
    assert ended["status"] == "interrupted"
    assert ended["ended_at"]
    assert (ended["jobs"]["aborted"], ended["jobs"]["skipped"], ended["jobs"]["running"]) == (3, 6, 0)
    assert sum(rule["jobs"]["skipped"] for rule in ended["rules"]) == 6
    await post(alone, tape.finished(3), len(tape.lines))
    back = await get(alone, path)
    assert back["status"] == "running"
    assert (back["jobs"]["succeeded"], back["jobs"]["running"], back["jobs"]["queued"], back["jobs"]["planned"]) == (
        2,
        1,
        1,
        6,
    )
    jobs = {job["number"]: job["status"] for job in await pages(alone, f"{path}/jobs")}
    assert (jobs[1], jobs[2], jobs[3]) == ("running", "queued", "succeeded")


async def test_the_server_itself_marks_lost_runs(database_url: str, tmp_path: Path) -> None:
    async with serving(database_url, tmp_path / "data", lost_after_s=0.6) as served:
        tape = several()
        await post(served, tape)
        async with asyncio.timeout(10):
            while (await get(served, f"/api/v1/runs/{tape.run_id}"))["status"] != "lost":
                await asyncio.sleep(0.1)


# What a person assumed of a lost run.


async def lose(served: Served, run_id: uuid.UUID) -> None:
    async with served.database.session() as session:
        await session.execute(
            text("UPDATE run SET status = 'lost', lost_since = heard_at WHERE id = :r AND status = 'running'"),
            {"r": run_id},
        )


async def test_a_job_that_was_to_be_tried_again_is_the_first_failure_of_a_run_declared_ended(served: Served) -> None:
    tape = Tape().opened().info(1).failed(1).add(wire.JobRestarting(job=1))
    await post(served, tape)
    await lose(served, tape.run_id)
    run = (await served.client.post(f"/api/v1/runs/{tape.run_id}/end")).json()
    assert run["jobs"]["failed"] == 1
    assert run["first_failure"]["number"] == 1


async def test_a_run_declared_ended_ends_by_its_own_clock(served: Served) -> None:
    tape = Tape().opened().info(1)
    body, sent = factories.packed(tape.body()), factories.headers(**{wire.SENT_AT_HEADER: repr(tape.at)})
    assert (await served.client.post(tape.path, content=body, headers=sent)).status_code == 200
    await lose(served, tape.run_id)
    run = (await served.client.post(f"/api/v1/runs/{tape.run_id}/end")).json()
    assert abs(dt.datetime.fromisoformat(run["ended_at"]).timestamp() - tape.at) < 1
    job = await get(served, f"/api/v1/runs/{tape.run_id}/jobs/1")
    assert job["ended_at"] == run["ended_at"]


async def test_a_beat_of_a_run_declared_ended_brings_it_back(served: Served) -> None:
    tape = Tape().opened().info(1).info(2, local=False)
    await post(served, tape)
    await lose(served, tape.run_id)
    ended = (await served.client.post(f"/api/v1/runs/{tape.run_id}/end")).json()
    assert (await served.client.post(f"{tape.path[:-7]}/heartbeat")).status_code == 204
    run = await get(served, f"/api/v1/runs/{tape.run_id}")
    assert (run["status"], run["ended_at"], run["jobs"]["running"], run["jobs"]["queued"]) == ("running", None, 1, 1)
    assert run["revision"] > ended["revision"]
