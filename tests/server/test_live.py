"""The stream: what is committed arrives, what was missed is told on return, and nobody hears of others' runs."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
import logging
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from snakemake_logger_plugin_flowo import wire

from flowo.accounts.schemas import Scope
from flowo.db.engine import asyncpg_url
from flowo.live import broker as brokers
from flowo.live import listener
from tests import factories
from tests.factories import Tape
from tests.server import accounts_app
from tests.server.servers import Served, serving


@dataclasses.dataclass
class Stream:
    """An open stream, read message by message."""

    lines: AsyncIterator[str]
    last_id: str | None = None

    async def message(self, *names: str, seconds: float = 10) -> dict[str, Any]:
        """The next message with one of these names; others, and pings, are passed over."""
        async with asyncio.timeout(seconds):
            name, data = "", ""
            async for line in self.lines:
                field, _, value = line.partition(": ")
                if field == "event":
                    name = value
                elif field == "data":
                    data = value
                elif field == "id":
                    self.last_id = value
                elif not line and data:
                    if not names or name in names:
                        return {"event": name, **json.loads(data)}
                    name, data = "", ""
        raise EOFError

    async def run(self, until: Any) -> dict[str, Any]:
        """The first `run` message for which `until` is true."""
        while True:
            message = await self.message("run")
            if until(message):
                return message


@contextlib.asynccontextmanager
async def stream(served: Served, topics: str, **query: str) -> AsyncIterator[Stream]:
    token = query.pop("token", served.token)
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        httpx.AsyncClient(base_url=served.url, timeout=30) as client,
        client.stream("GET", "/api/v1/stream", params={"topics": topics, **query}, headers=headers) as response,
    ):
        assert response.status_code == 200, await response.aread()
        assert response.headers["x-accel-buffering"] == "no"
        assert response.headers["content-type"].startswith("text/event-stream")
        opened = Stream(response.aiter_lines())
        assert (await opened.message())["event"] == "hello"
        yield opened


async def post(served: Served, tape: Tape, first: int = 1, last: int | None = None) -> None:
    answer = await served.client.post(
        tape.path, content=factories.packed(tape.body(first, last)), headers=factories.headers()
    )
    assert answer.status_code == 200, answer.text


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


async def test_a_slow_reader_is_told_to_ask_again() -> None:
    watcher = brokers.Watcher(uuid.uuid4(), frozenset())
    for i in range(brokers.BACKLOG * 3):
        watcher.put(brokers.Frame("run:x", str(i), "run", b"{}"))
    assert watcher.late == {"run:x"}
    assert len(watcher.frames) <= brokers.BACKLOG


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


async def test_a_hint_that_was_lost_is_made_good(alone: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(brokers, "POLL_S", 0.3)
    tape = Tape().opened().info(1)
    await post(alone, tape)
    async with stream(alone, f"run:{tape.run_id}") as opened:
        await opened.message("run")
        monkeypatch.setattr(alone.app.state.notifier, "moved", lambda _run_id: None)
        await post(alone, tape.finished(1), 3)
        message = await opened.run(lambda m: m["jobs"])
        assert message["jobs"][0]["status"] == "succeeded"


async def test_closing_ends_streams_with_a_word(database_url: str, tmp_path: Path) -> None:
    async with serving(database_url, tmp_path / "data") as made, stream(made, "runs") as opened:
        await opened.message("runs")
        made.app.state.closing.set()
        assert (await opened.message("bye"))["again"] is True


async def test_a_database_that_is_away_is_told_of_once(
    database_url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(listener, "RETRY_S", 0.02)
    caplog.set_level(logging.INFO, listener.__name__)
    back = asyncio.Event()
    attempts: list[int] = []
    connect = asyncpg.connect

    async def connecting(*arguments: Any, **named: Any) -> Any:
        if len(attempts) < 5:  # then it is there again
            attempts.append(1)
            raise ConnectionRefusedError("no")
        return await connect(*arguments, **named)

    monkeypatch.setattr(asyncpg, "connect", connecting)
    made = listener.Listener(asyncpg_url(database_url), {"x": lambda payload: None}, [back.set])
    made.start()
    await asyncio.wait_for(back.wait(), 60)
    await made.stop()
    assert [record.message for record in caplog.records] == [
        "the listening connection ended (no); trying again", "listening again"
    ]  # fmt: skip
