"""What the stream stands on: readers that are slow, hints that get lost, a database that is away, and the end."""

from __future__ import annotations

import asyncio
import logging
import uuid
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy.engine import URL, make_url

from flowo.db.engine import asyncpg_url
from flowo.live import broker as brokers
from flowo.live import listener, routes
from tests.conftest import statement
from tests.factories import Tape
from tests.server.asked import post
from tests.server.servers import Served, serving
from tests.server.streams import stream


async def test_a_slow_reader_is_told_to_ask_again() -> None:
    watcher = brokers.Watcher(uuid.uuid4(), frozenset())
    for i in range(brokers.BACKLOG * 3):
        watcher.put(brokers.Frame("run:x", str(i), "run", b"{}"))
    assert watcher.late == {"run:x"}
    assert len(watcher.frames) <= brokers.BACKLOG


async def test_what_comes_to_be_late_while_another_is_told_so_is_told_too() -> None:
    watcher = brokers.Watcher(uuid.uuid4(), frozenset())
    one, other = (f"run:{uuid.uuid4()}" for _ in range(2))
    for i in range(brokers.BACKLOG + 1):
        watcher.put(brokers.Frame(one, str(i + 1), "run", b"{}"))
    told: Any = routes._told(watcher, routes.Marks(), asyncio.get_running_loop().time() + 60, asyncio.Event())
    assert one in (await anext(told)).decode()  # which is being sent, slowly
    for i in range(brokers.BACKLOG + 1):
        watcher.put(brokers.Frame(other, str(i + 1), "run", b"{}"))
    async with asyncio.timeout(2):
        assert other in (await anext(told)).decode()
    await told.aclose()


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


async def test_a_database_that_lets_nobody_in_for_a_while(
    alone: Served, database_url: str, postgres: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(brokers, "POLL_S", 0.1)
    name = make_url(database_url).database
    tape = Tape().opened().info(1)
    await post(alone, tape)
    topic = brokers.Topic(brokers._Run(alone.database, tape.run_id))
    watcher = brokers.Watcher(uuid.uuid4(), frozenset())
    topic.watchers.add(watcher)
    await topic.learnt.wait()
    await statement(postgres, f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
    await statement(postgres, f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
    for path in ("/api/v1/runs", "/readyz"):
        assert (await alone.client.get(path)).status_code == 503
    await asyncio.sleep(0.5)
    await statement(postgres, f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
    await post(alone, tape.finished(1), 3)
    async with asyncio.timeout(30):
        await watcher.wake.wait()
    assert not {"sweeper", "listener"} - {task.get_name() for task in asyncio.all_tasks()}
    topic.task.cancel()
