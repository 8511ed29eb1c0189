"""Watched logs: asked for by whoever looks, brought by the run's own plugin, passed on, bounded, and kept by nobody."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from snakemake_logger_plugin_flowo import wire
from sqlalchemy import text

from flowo.accounts.schemas import Scope
from flowo.ingest.sweep import sweep
from flowo.runs import tails
from tests.factories import Tape
from tests.server import accounts_app
from tests.server.asked import post
from tests.server.servers import Served, serving
from tests.server.streams import stream

LOGS = ["logs/a.log", "logs/a.err"]


async def a_run(served: Served, **info: Any) -> Tape:
    tape = Tape().opened().info(1, **({"logs": LOGS} | info))
    await post(served, tape)
    return tape


def log_of(tape: Tape, index: int | str = 0, job: int = 1) -> str:
    return f"/api/v1/runs/{tape.run_id}/jobs/{job}/logs/{index}"


async def look(served: Served, tape: Tape, index: int | str = 0, **query: Any) -> dict[str, Any]:
    answer = await served.client.get(log_of(tape, index), params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def asked(served: Served, tape: Tape, wait: float = 0) -> list[dict[str, Any]]:
    answer = await served.client.get(f"{tape.path[:-7]}/requests?wait={wait}")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


def part(body: str, offset: int = 0, **more: Any) -> dict[str, Any]:
    length = len(body.encode())
    return {
        "job": 1, "attempt": 1, "log": 0, "state": "read", "file": "f", "offset": offset, "length": length,
        "text": body, "size": offset + length,
    } | more  # fmt: skip


async def bring(served: Served, tape: Tape, *parts: dict[str, Any]) -> list[dict[str, Any]]:
    answer = await served.client.post(f"{tape.path[:-7]}/logs", json={"parts": parts})
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


async def test_nobody_watches_nothing_is_asked_for_or_kept(served: Served) -> None:
    tape = await a_run(served)
    assert await asked(served, tape, 0.05) == []
    assert await bring(served, tape, part("unasked\n")) == []
    assert (await look(served, tape))["text"] == ""


async def test_who_watches_is_heard_and_told(served: Served) -> None:
    tape = await a_run(served)
    waiting = asyncio.create_task(asked(served, tape, 30))
    async with stream(served, f"log:{tape.run_id}:1:1:0") as opened:
        (wish,) = await waiting
        assert wish == {"kind": "log", "job": 1, "attempt": 1, "log": 0, "offset": None, "file": ""}
        first = await opened.message("log")
        assert (first["state"], first["stop"]) == ("asked", 0)
        (wish,) = await bring(served, tape, part("one\n"))
        assert (wish["offset"], wish["file"]) == (4, "f")
        message = await opened.message("log")
        assert (message["state"], message["text"], message["start"], message["stop"]) == ("live", "one\n", 0, 4)
        await bring(served, tape, part("two\n", 4))
        message = await opened.message("log")
        assert (message["text"], message["start"], message["anew"]) == ("two\n", 4, False)
        # Sent again, since the answer was lost: told once.
        await bring(served, tape, part("two\n", 4))
        await bring(served, tape, part("three\n", 8))
        assert (await opened.message("log"))["text"] == "three\n"
        found = await look(served, tape)
        assert (found["text"], found["path"], found["state"]) == ("one\ntwo\nthree\n", "logs/a.log", "live")
        found = await look(served, tape, generation=found["generation"], since=8)
        assert (found["text"], found["anew"]) == ("three\n", False)
        # Another file under the same name: what is held begins anew.
        await bring(served, tape, part("new\n", file="g"))
        message = await opened.message("log")
        assert (message["text"], message["anew"]) == ("new\n", True)
        assert (await look(served, tape, generation=found["generation"], since=14))["text"] == "new\n"
    # No event of it: neither number nor revision.
    assert (await served.client.get(f"/api/v1/runs/{tape.run_id}")).json()["revision"] == 1


async def test_more_logs_than_are_read_at_once_are_read_in_turn(served: Served) -> None:
    tape = await a_run(served, logs=[f"{n}.log" for n in range(20)])
    for index in range(20):
        await look(served, tape, index)
    read: list[int] = []
    wishes = await asked(served, tape)
    for _ in range(3):
        assert len(wishes) == 8
        read += [wish["log"] for wish in wishes]
        wishes = await bring(served, tape, *(part("x\n", log=wish["log"]) for wish in wishes))
    assert set(read[:20]) == set(range(20))  # each once before the first comes again
    assert [(await look(served, tape, index))["text"] for index in range(20)] == ["x\n"] * 20
    # So many that one's turn is long in coming: that is no silence, as long as others are answered.
    async with served.database.session() as session:
        await session.execute(text("UPDATE log_watch SET read_at = read_at - interval '1 min'"))
        await session.commit()
    assert (await look(served, tape, 0))["state"] == "silent"
    await bring(served, tape, part("y\n", 2, log=1))
    found = await look(served, tape, 0)
    assert (found["state"], found["text"], found["note"]) == ("asked", "x\n", tails.IN_TURN)


async def test_two_processes_meet_in_the_database(database_url: str, tmp_path: Path) -> None:
    async with serving(database_url, tmp_path / "one") as one, serving(database_url, tmp_path / "two") as two:
        tape = await a_run(one)
        waiting = asyncio.create_task(asked(two, tape, 30))
        await asyncio.sleep(0.1)
        async with stream(one, f"log:{tape.run_id}:1:1:1") as opened:
            (wish,) = await waiting
            assert wish["log"] == 1
            await bring(two, tape, part("over there\n", log=1))
            message = await opened.message("log")
            while not message["text"]:
                message = await opened.message("log")
            assert message["text"] == "over there\n"


async def test_only_the_end_is_held(served: Served) -> None:
    tape = await a_run(served)
    await look(served, tape)
    size, block = 0, "x" * 65_535 + "\n"
    for _ in range(8):
        await bring(served, tape, part(block, size))
        size += len(block)
    found = await look(served, tape)
    assert found["stop"] == size
    assert found["stop"] - found["start"] == len(found["text"]) == tails.WINDOW
    async with served.database.session() as session:
        query = "SELECT sum(length(body)) FROM log_part WHERE run_id = :r"
        assert (await session.execute(text(query), {"r": tape.run_id})).scalar() == tails.WINDOW
    # Faster than it can be read: what is held does not go on, and says so.
    await bring(served, tape, part("later\n", size + 1000))
    found = await look(served, tape, generation=found["generation"], since=size)
    assert (found["start"], found["text"], found["anew"]) == (size + 1000, "later\n", True)


async def test_what_cannot_be_read_says_why(served: Served) -> None:
    tape = await a_run(served)
    assert (await look(served, tape))["state"] == "asked"
    await bring(served, tape, part("", state="missing", size=None))
    assert (await look(served, tape))["state"] == "missing"
    await bring(served, tape, part("", state="refused", note="not a regular file\x00"))
    found = await look(served, tape)
    assert (found["state"], found["note"]) == ("refused", "not a regular file\ufffd")
    async with served.database.session() as session:
        query = "UPDATE log_watch SET read_at = read_at - interval '60 s' WHERE run_id = :r"
        await session.execute(text(query), {"r": tape.run_id})
    assert (await look(served, tape))["state"] == "silent"


async def test_a_failed_attempt_shows_its_copy_and_an_ended_run_is_not_asked(served: Served) -> None:
    tape = await a_run(served)
    copy = wire.LogSnapshot(job=1, attempt=1, path=LOGS[0], tail="boom\n", size=1005, note="late")
    tape.failed(1).add(copy, wire.JobRestarting(job=1)).info(1, logs=LOGS)
    await post(served, tape, 3)
    found = await look(served, tape, attempt=1)
    assert (found["state"], found["text"], found["start"], found["note"]) == ("kept", "boom\n", 1000, "late")
    assert (await look(served, tape, 1, attempt=1))["state"] == "refused"  # no copy of this one, and it is written anew
    assert await asked(served, tape) == []
    found = await look(served, tape)
    assert (found["state"], found["attempt"]) == ("asked", 2)
    await bring(served, tape, part("again\n", attempt=2))
    tape.finished(1).ended()
    await post(served, tape, 7)
    found = await look(served, tape)
    assert (found["state"], found["text"]) == ("over", "again\n")  # the last that was read, for who is still there
    async with served.database.session() as session:
        query = "UPDATE log_watch SET until = until - interval '600 s' WHERE run_id = :r"
        await session.execute(text(query), {"r": tape.run_id})
    await sweep(served.database, 60)
    found = await look(served, tape)
    assert (found["state"], found["text"]) == ("over", "")
    async with served.database.session() as session:
        left = (
            await session.execute(text("SELECT count(*) FROM log_part WHERE run_id = :r"), {"r": tape.run_id})
        ).scalar()
    assert left == 0


async def test_a_watch_ends_with_the_page(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tails, "LEASE_S", 0.3)
    tape = await a_run(served)
    async with stream(served, f"log:{tape.run_id}:1:1:0"):
        assert await asked(served, tape, 10)
    while await asked(served, tape):
        await asyncio.sleep(0.05)
    assert await bring(served, tape, part("nobody\n")) == []


async def test_a_crash_of_the_database_loses_the_watch_and_nobody_notices(served: Served) -> None:
    tape = await a_run(served)
    async with stream(served, f"log:{tape.run_id}:1:1:0") as opened:
        assert await asked(served, tape, 10)
        await bring(served, tape, part("before\n"))
        while (await opened.message("log"))["text"] != "before\n":
            pass
        async with served.database.session() as session:  # as recovery does with unlogged tables
            await session.execute(text("DELETE FROM log_watch WHERE run_id = :r"), {"r": tape.run_id})
        (wish,) = await asked(served, tape, 10)
        assert wish["offset"] is None
        await bring(served, tape, part("before\nafter\n"))
        states: list[tuple[str, str]] = []
        while not states or states[-1][1] != "before\nafter\n":
            message = await opened.message("log")
            states.append((message["state"], message["text"]))
        assert "over" not in dict(states)


async def test_the_cluster_log_is_asked_for_by_its_own_name(served: Served) -> None:
    tape = await a_run(served, local=False)
    assert (await served.client.get(log_of(tape, "cluster"))).status_code == 404
    tape.add(wire.JobSubmitted(jobs=[1], external_id="48213", log="/w/.snakemake/slurm_logs/48213.log"))
    await post(served, tape, 3)
    assert (await look(served, tape, "cluster"))["path"] == "/w/.snakemake/slurm_logs/48213.log"
    assert [wish["log"] for wish in await asked(served, tape)] == [-1]


@contextlib.asynccontextmanager
async def as_eve(served: Served, scope: Scope = Scope.full) -> AsyncIterator[httpx.AsyncClient]:
    eve = await accounts_app.person(served.database, f"eve-{uuid.uuid4().hex[:6]}")
    token = await served.new_token(scope, eve.user)
    async with httpx.AsyncClient(base_url=served.url, headers={"Authorization": f"Bearer {token}"}) as client:
        yield client


async def test_attack_anothers_log(served: Served) -> None:
    tape = await a_run(served)
    async with as_eve(served) as eve:
        assert (await eve.get(log_of(tape))).status_code == 404
        assert (await eve.get("/api/v1/stream", params={"topics": f"log:{tape.run_id}:1:1:0"})).status_code == 404
        assert (await eve.get(f"{tape.path[:-7]}/requests?wait=0")).status_code == 404
        forged = {"parts": [part("forged\n")]}
        assert await asked(served, tape) == []  # none of it counted as watching
        await look(served, tape)
        assert (await eve.post(f"{tape.path[:-7]}/logs", json=forged)).status_code == 404
        assert (await look(served, tape))["text"] == ""
    # Nor by somebody who may send runs to the same workspace: it is not their run.
    mate = await accounts_app.person(served.database, f"mate-{uuid.uuid4().hex[:6]}")
    async with served.database.session() as session:
        query = """INSERT INTO membership (user_id, workspace_id, role)
                   SELECT :u, workspace_id, 'member' FROM run WHERE id = :r"""
        await session.execute(text(query), {"u": mate.user.id, "r": tape.run_id})
    token = await served.new_token(Scope.full, mate.user)
    async with httpx.AsyncClient(base_url=served.url, headers={"Authorization": f"Bearer {token}"}) as client:
        assert (await client.get(log_of(tape))).status_code == 200
        assert (await client.get(f"{tape.path[:-7]}/requests?wait=0")).status_code == 404
        assert (await client.post(f"{tape.path[:-7]}/logs", json=forged)).status_code == 404
        assert (await look(served, tape))["text"] == ""
    async with httpx.AsyncClient(base_url=served.url) as nobody:
        assert (await nobody.get(log_of(tape))).status_code == 401
        assert (await nobody.post(f"{tape.path[:-7]}/logs", json=forged)).status_code == 401
    for scope, allowed in ((Scope.ingest, {"post"}), (Scope.read, {"get"})):
        headers = {"Authorization": f"Bearer {await served.new_token(scope)}"}
        async with httpx.AsyncClient(base_url=served.url, headers=headers) as client:
            assert (await client.get(log_of(tape))).status_code == (200 if "get" in allowed else 403)
            answer = await client.post(f"{tape.path[:-7]}/logs", json={"parts": []})
            assert answer.status_code == (200 if "post" in allowed else 403)


@pytest.mark.parametrize("index", ["2", "-1", "99999", "%2e%2e%2fetc%2fpasswd", "/etc/passwd", "0x1", "Cluster"])
async def test_attack_a_log_is_named_by_index_alone(served: Served, index: str) -> None:
    tape = await a_run(served)
    assert (await served.client.get(log_of(tape, index))).status_code in (404, 422)
    assert await asked(served, tape) == []


@pytest.mark.parametrize(
    "topic", ["log:{}:1:1:../x", "log:{}:1:1", "log:{}:1:0:0", "log:{}:1:1:-2", "log:{}:1:99999:0"]
)
async def test_attack_topics(served: Served, topic: str) -> None:
    tape = await a_run(served)
    answer = await served.client.get("/api/v1/stream", params={"topics": topic.format(tape.run_id)})
    assert answer.status_code == 422
    for missing in (f"log:{tape.run_id}:7:1:0", f"log:{tape.run_id}:1:2:0", f"log:{tape.run_id}:1:1:5"):
        assert (await served.client.get("/api/v1/stream", params={"topics": missing})).status_code == 404


@pytest.mark.parametrize(
    "wrong",
    [
        {"text": "four"}, {"offset": -1}, {"length": tails.WINDOW + 1}, {"attempt": 0}, {"log": -2},
        {"file": "f" * 300}, {"offset": 2**63},
    ],
)  # fmt: skip
async def test_attack_bounds(served: Served, wrong: dict[str, Any]) -> None:
    tape = await a_run(served)
    answer = await served.client.post(f"{tape.path[:-7]}/logs", json={"parts": [part("x") | wrong]})
    assert answer.status_code == 422
    many = {"parts": [part("x")] * 21}
    assert (await served.client.post(f"{tape.path[:-7]}/logs", json=many)).status_code == 422
    large = b" " * (5 * 1024 * 1024)
    assert (await served.client.post(f"{tape.path[:-7]}/logs", content=large)).status_code == 413
