"""The stream: what is committed arrives, what was missed is told on return, and nobody hears of others' runs."""

from __future__ import annotations

import contextlib
import uuid
from pathlib import Path

import httpx
import pytest
from snakemake_logger_plugin_flowo import wire
from sqlalchemy import text

from flowo.accounts.schemas import Scope
from flowo.live import broker as brokers
from flowo.runs import edits
from flowo.runs.models import Run
from tests.factories import Tape
from tests.server import accounts_app
from tests.server.asked import post
from tests.server.servers import Served, serving
from tests.server.streams import Stream, stream


async def test_what_is_posted_arrives(served: Served) -> None:
    tape = Tape().opened().planned([{"job": 1, "rule": "map"}, {"job": 2, "rule": "map"}])
    await post(served, tape)
    async with stream(served, f"runs,run:{tape.run_id}") as opened:
        first = await opened.message("run")
        assert first["run"]["jobs"]["planned"] == 2
        await post(served, tape.info(1), 3)
        message = await opened.run(lambda m: m["jobs"])
        assert [(job["number"], job["status"]) for job in message["jobs"]] == [(1, "running")]
        assert message["rules"][0]["jobs"]["running"] == 1
        assert message["resync"] == []
        await post(served, tape.finished(1), 4)
        message = await opened.run(lambda m: m["run"]["jobs"]["succeeded"])
        assert message["run"]["progress"] == 0.5


async def test_the_list_hears_of_new_and_of_deleted_runs(served: Served) -> None:
    tape = Tape().opened(name="of the list")
    async with stream(served, "runs") as opened:
        await post(served, tape)
        seen: set[str] = set()
        while str(tape.run_id) not in seen:
            seen |= {run["id"] for run in (await opened.message("runs"))["runs"]}
        await served.client.delete(f"/api/v1/runs/{tape.run_id}")
        gone: set[str] = set()
        while str(tape.run_id) not in gone:
            gone |= set((await opened.message("runs"))["deleted"])


async def test_who_comes_back_is_told_what_was_missed(served: Served) -> None:
    tape = Tape().opened().info(1).info(2)
    await post(served, tape)
    async with stream(served, f"run:{tape.run_id}") as opened:
        await opened.message("run")
        mark = opened.last_id
    assert mark
    await post(served, tape.finished(1).failed(2), 4)
    for way in ({"since": mark}, {}):
        headers = {} if way else {"Last-Event-ID": mark}
        served_headers = served.client.headers
        assert served_headers
        if way:
            async with stream(served, f"run:{tape.run_id}", **way) as opened:
                message = await opened.message("run")
        else:
            async with (
                httpx.AsyncClient(base_url=served.url, timeout=30) as client,
                client.stream(
                    "GET",
                    f"/api/v1/stream?topics=run:{tape.run_id}",
                    headers={"Authorization": f"Bearer {served.token}", **headers},
                ) as response,
            ):
                message = await Stream(response.aiter_lines()).message("run")
        assert {job["number"]: job["status"] for job in message["jobs"]} == {1: "succeeded", 2: "failed"}
        assert message["run"]["jobs"]["failed"] == 1


async def test_what_is_found_out_of_a_failure_later_is_told_as_a_change_of_its_job(served: Served) -> None:
    tape = Tape().opened().info(1).info(2).failed(1)
    await post(served, tape)
    async with stream(served, f"run:{tape.run_id}") as opened:
        await opened.message("run")
        tape.add(wire.LogSnapshot(job=1, attempt=1, path="logs/1.log", tail="out of memory\n", size=14))
        await post(served, tape, len(tape.lines))
        message = await opened.run(lambda m: m["jobs"])
        assert [(job["number"], job["status"]) for job in message["jobs"]] == [(1, "failed")]


async def test_ten_thousand_changes_at_once_are_told_as_a_resync(served: Served) -> None:
    tape = Tape().opened()
    await post(served, tape)
    async with stream(served, f"run:{tape.run_id}") as opened:
        await opened.message("run")
        tape.planned({"job": i, "rule": "map"} for i in range(1, 10_001))
        await post(served, tape, 2)
        message = await opened.run(lambda m: m["run"]["jobs"]["planned"] == 10_000)
        assert "jobs" in message["resync"]
        assert message["jobs"] == []
        await post(served, tape.info(5), 3)
        message = await opened.run(lambda m: m["run"]["jobs"]["running"])
        assert [job["number"] for job in message["jobs"]] == [5]


async def test_eight_streams_one_after_another_all_hear(served: Served) -> None:
    tape = Tape().opened()
    await post(served, tape)
    async with contextlib.AsyncExitStack() as stack:
        opened = [await stack.enter_async_context(stream(served, f"runs,run:{tape.run_id}")) for _ in range(8)]
        for one in opened:
            await one.message("run")
        await post(served, tape.info(1), 2)
        for one in opened:
            message = await one.run(lambda m: m["jobs"])
            assert message["jobs"][0]["number"] == 1
        # Streams hold no database connection: with more of them than the pool has, requests are answered.
        more = [await stack.enter_async_context(stream(served, "runs")) for _ in range(12)]
        assert len(more) == 12
        assert (await served.client.get("/api/v1/runs")).status_code == 200


async def test_nobody_hears_of_runs_of_others(served: Served) -> None:
    eve = await accounts_app.person(served.database, f"eve-{uuid.uuid4().hex[:6]}")
    token = await served.new_token(Scope.full, eve.user)
    tape = Tape().opened()
    await post(served, tape)
    async with httpx.AsyncClient(base_url=served.url) as client:
        mine = {"Authorization": f"Bearer {token}"}
        answer = await client.get(f"/api/v1/stream?topics=run:{tape.run_id}", headers=mine)
        assert answer.status_code == 404
        assert (await client.get("/api/v1/stream?topics=runs")).status_code == 401
    async with stream(served, "runs", token=token) as opened:
        assert (await opened.message("runs"))["runs"] == []
        await post(served, tape.info(1), 2)
        with pytest.raises(TimeoutError):
            await opened.message("runs", "run", seconds=0.7)


async def test_a_stream_ends_when_the_rights_change(served: Served) -> None:
    eve = await accounts_app.person(served.database, f"eve-{uuid.uuid4().hex[:6]}")
    token = await served.new_token(Scope.full, eve.user)
    async with stream(served, "runs", token=token) as opened:
        await opened.message("runs")
        await served.app.state.rights_changed(eve.user.id)
        assert (await opened.message("bye"))["again"] is True


@pytest.mark.parametrize(
    "query", ["", "topics=", "topics=jobs", "topics=run:5", "topics=runs&since=x=y", "topics=run:"]
)
async def test_topics_that_are_none_are_refused(served: Served, query: str) -> None:
    answer = await served.client.get(f"/api/v1/stream?{query}")
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


async def test_two_processes_tell_the_same(alone: Served, database_url: str, tmp_path: Path) -> None:
    async with serving(database_url, tmp_path / "data") as other:
        tape = Tape().opened().info(1)
        await post(alone, tape)
        async with stream(other, f"run:{tape.run_id}") as opened:
            await opened.message("run")
            await post(alone, tape.finished(1), 3)
            message = await opened.run(lambda m: m["jobs"])
            assert message["jobs"][0]["status"] == "succeeded"


async def test_a_stream_from_the_beginning_of_time(served: Served) -> None:
    async with stream(served, "runs", since="runs=0001-01-01T00:00:00+00:00") as opened:
        assert (await opened.message())["event"] == "runs"


async def test_who_comes_back_to_an_older_copy_of_the_database_hears_on(served: Served) -> None:
    tape = Tape().opened().info(1)
    await post(served, tape)
    async with stream(served, f"run:{tape.run_id}", since=f"{tape.run_id}=1000") as opened:
        assert (await opened.message("run", seconds=3))["resync"] == ["jobs", "graph", "run"]
        await post(served, tape.finished(1), 3)
        assert (await opened.run(lambda m: m["jobs"]))["jobs"][0]["status"] == "succeeded"


async def test_that_a_run_is_gone_is_told_once(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(brokers, "POLL_S", 0.1)
    tape = Tape().opened().info(1)
    await post(served, tape)
    async with stream(served, f"run:{tape.run_id}") as opened:
        await opened.message("run")
        await served.client.delete(f"/api/v1/runs/{tape.run_id}")
        assert (await opened.run(lambda m: m["deleted"]))["run"] is None
        with pytest.raises(TimeoutError):
            await opened.message("run", seconds=0.7)


async def test_a_deletion_that_took_long_is_told_to_lists(served: Served) -> None:
    tape = Tape().opened().info(1)
    await post(served, tape)
    async with served.database.session() as session:
        run = await session.get_one(Run, tape.run_id)
        await session.execute(text("SELECT pg_sleep(0.5)"))
        before = (await session.execute(text("SELECT clock_timestamp()"))).scalar_one()
        await edits.remove(session, tape.run_id, run.workspace_id)
        query = text("SELECT deleted_at FROM deleted_run WHERE run_id = :r")
        assert (await session.execute(query, {"r": tape.run_id})).scalar_one() > before


async def test_streams_begin_anew_where_a_word_about_rights_may_have_been_missed(alone: Served) -> None:
    async with stream(alone, "runs") as opened:
        await opened.message("runs")
        alone.app.state.broker.missed()
        assert (await opened.message("bye"))["again"] is True
