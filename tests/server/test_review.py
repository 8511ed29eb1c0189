"""Whatever is heard, in whatever order and in whatever batches: the figures are those of the rows, and the rows the same."""

from __future__ import annotations

import asyncio
import base64
import datetime as dt
import itertools
import json
import random
import tracemalloc
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from snakemake_logger_plugin_flowo import wire
from sqlalchemy import text
from sqlalchemy.engine import URL, make_url

from flowo.demo import launch
from flowo.errors import TooLarge
from flowo.ingest import journal
from flowo.live import broker as brokers
from flowo.live import routes
from flowo.runs import edits, state
from flowo.runs.models import Run
from flowo.settings import Settings
from tests import factories
from tests.conftest import statement
from tests.factories import Tape
from tests.server.servers import Served
from tests.server.test_ingest_orders import held_of
from tests.server.test_live import stream

Line = dict[str, Any]

JOB = st.integers(0, 6)
RULE = st.sampled_from(["a", "b", "c", "", None])
CERTAIN = st.sampled_from(["a", "b", "c"])
JOBS = st.lists(JOB, max_size=4)


def event(kind: str, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Line]:
    return st.fixed_dictionaries({"kind": st.just(kind)}, optional=fields)


def of_job(kind: str, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Line]:
    return st.fixed_dictionaries({"kind": st.just(kind), "job": JOB}, optional=fields)


PLANNED = st.lists(
    st.fixed_dictionaries({"job": JOB, "rule": CERTAIN}, optional={"needs": JOBS, "group": st.just("g")}), max_size=6
)
PART = st.fixed_dictionaries(
    {
        "kind": st.just("plan"),
        "generation": st.integers(1, 3),
        "part": st.integers(1, 2),
        "parts": st.sampled_from([1, 1, 2]),
        "jobs": PLANNED,
    }
)
ODD = st.sampled_from(
    [
        {"kind": "nobody_knows", "job": 1},
        {"kind": "job_info", "job": "3", "rule": "a"},
        {"kind": "job_finished"},
        {"kind": "job_submitted", "jobs": [1, "x", 2], "external_id": "17"},
        {"kind": "group_info", "jobs": [4, None, 5], "group": "g"},
        {"kind": "run_info", "stats": {"a": 2, "b": "many", "c": 1}},
        {"kind": "plan", "generation": 2, "jobs": [{"job": 1, "rule": "a"}, {"rule": "b"}]},
        {"kind": "job_info", "job": 2, "rule": "b", "resources": {"x": 10**30}},
        {"kind": "log_snapshot", "job": 3, "attempt": 0},
        {"kind": "run_ended", "outcome": "exploded"},
        {"kind": "job_error", "job": 1, "at": "late"},
    ]
)
LINES = st.lists(
    st.one_of(
        of_job("job_info", rule=RULE, local=st.booleans(), command=st.sampled_from(["x", "y" * 1100])),
        of_job("job_info", rule=CERTAIN, reason=st.just("missing")),
        of_job("job_finished", evidence=st.sampled_from(["event", "observed"])),
        of_job("job_error", rule=RULE, message=st.just("boom"), exit_code=st.integers(1, 3)),
        of_job("job_restarting"),
        of_job("job_running"),
        of_job("log_snapshot", attempt=st.integers(1, 3), tail=st.just("…")),
        event("group_info", jobs=JOBS, group=st.just("g")),
        event("job_submitted", jobs=JOBS, external_id=st.just("17")),
        event("run_info", stats=st.dictionaries(CERTAIN, st.integers(0, 4))),
        event("error", message=st.just("sorry")),
        event("run_ended", outcome=st.sampled_from(state.OUTCOMES)),
        PART,
        PART,
        ODD,
    ),
    min_size=1,
    max_size=24,
)


def numbered(lines: list[Line]) -> list[Line]:
    opened: Line = {"kind": "run_opened", "host": "node1", "user": "ada", "directory": "/data/odd"}
    return [{"at": 1.7e9 + i, **line, "seq": i + 1} for i, line in enumerate([opened, *lines])]


async def post(served: Served, run_id: uuid.UUID, body: bytes) -> None:
    answer = await served.client.post(
        f"/api/ingest/v1/runs/{run_id}/events", content=factories.packed(body), headers=factories.headers()
    )
    assert answer.status_code == 200, answer.text


async def send(served: Served, run_id: uuid.UUID, lines: list[Line]) -> None:
    await post(served, run_id, factories.lines(*lines))


async def get(served: Served, path: str) -> Any:
    answer = await served.client.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def declare(served: Served, run_id: uuid.UUID) -> None:
    """The run is lost, and a person says that it has ended; nothing where it has ended already."""
    await lose(served, run_id)
    answer = await served.client.post(f"/api/v1/runs/{run_id}/end")
    assert answer.status_code in (200, 409), answer.text


async def check(served: Served, run_id: uuid.UUID) -> None:
    """What stands beside the jobs' rows is what they say."""
    async with served.database.session() as session:

        async def all_of(query: str) -> list[Any]:
            return [row._mapping for row in await session.execute(text(query), {"r": run_id})]

        (run,) = await all_of("SELECT * FROM run WHERE id = :r")
        jobs = {row["number"]: row for row in await all_of("SELECT * FROM job_state WHERE run_id = :r")}
        rules = {row["rule"]: row for row in await all_of("SELECT * FROM rule_count WHERE run_id = :r")}
        failures = {row["number"]: row["at"] for row in await all_of("SELECT * FROM failure WHERE run_id = :r")}
        attempts = await all_of("SELECT * FROM attempt WHERE run_id = :r ORDER BY number, attempt")

    totals = state.Counts()
    known = {rule: state.Counts() for rule in rules}
    for job in jobs.values():
        known[job["rule"]].add(job["status"], 1)
    for rule, counts in known.items():
        assert counts == state.Counts(*(rules[rule][s] for s in state.JOB_STATUSES)), f"counters of rule {rule!r}"
        totals.plus(
            state.unseen(
                counts,
                rules[rule]["expected"],
                plan=run["fold"].get("generation", 0) > 0,
                ended=run["status"] in state.ENDED,
            )
        )
    assert totals == state.Counts(*(run[s] for s in state.JOB_STATUSES)), "counters of the run"

    assert failures == {n: job["ended_at"] for n, job in jobs.items() if job["status"] == "failed"}
    first = min(failures, key=lambda n: (failures[n], n), default=None)
    shown = run["first_failure"]
    if first is not None:
        assert shown["number"] == first
        assert (shown["rule"], shown["attempt"]) == (jobs[first]["rule"], jobs[first]["attempt"])
    elif run["status"] == "failed":
        assert shown is not None
        assert "number" not in shown
    else:
        assert shown is None

    last: dict[int, Any] = {}
    for row in attempts:
        assert row["number"] in jobs, "an attempt of no job"
        last[row["number"]] = row
        if row["attempt"] > max(jobs[row["number"]]["attempt"], 0):
            assert row["status"] == "", "an attempt that was not begun"
    by_key = {(row["number"], row["attempt"]): row for row in attempts}
    for n, job in jobs.items():
        if job["status"] in ("queued", "running"):
            assert job["ended_at"] is None
        if job["status"] in ("succeeded", "failed", "aborted"):
            assert job["ended_at"] is not None
        if not job["attempt"]:
            assert job["status"] in ("planned", "skipped")
            continue
        row = by_key[n, job["attempt"]]
        assert row["status"] == ("failed" if job["status"] == "planned" else job["status"])
        assert [row[k] for k in ("queued_at", "started_at", "ended_at")] == [
            job[k] for k in ("queued_at", "started_at", "ended_at")
        ]


@pytest.mark.timeout(120)
async def test_the_figures_are_those_of_the_rows_whatever_is_heard(served: Served) -> None:
    loop = asyncio.get_running_loop()

    async def try_it(lines: list[Line], cuts: list[int], declared: int | None, beats: bool) -> None:
        bounds = sorted({0, len(lines), *(cut % (len(lines) + 1) for cut in cuts)})
        run_id = uuid.uuid4()
        for i, (begin, end) in enumerate(itertools.pairwise(bounds)):
            await send(served, run_id, lines[begin:end])
            await check(served, run_id)
            if i == declared:
                await declare(served, run_id)
                await check(served, run_id)
                if beats:
                    await served.client.post(f"/api/ingest/v1/runs/{run_id}/heartbeat")
                    await check(served, run_id)
        if declared is None:
            whole = uuid.uuid4()
            await send(served, whole, lines)
            await check(served, whole)
            found, expected = await held_of(served, run_id), await held_of(served, whole)
            for table, content in expected.items():
                assert found[table] == content, f"{table} depends on the batches"

    @settings(
        max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), database=None,
        phases=[Phase.generate, Phase.shrink],
    )  # fmt: skip
    @given(
        lines=LINES,
        cuts=st.lists(st.integers(1, 25), max_size=6),
        declared=st.one_of(st.none(), st.integers(0, 3)),
        beats=st.booleans(),
    )
    def holds(lines: list[Line], cuts: list[int], declared: int | None, beats: bool) -> None:
        asyncio.run_coroutine_threadsafe(try_it(numbered(lines), cuts, declared, beats), loop).result(60)

    await asyncio.to_thread(holds)


async def test_what_a_checkpoint_took_back_is_not_skipped_in_one_batch(served: Served) -> None:
    tape = Tape().opened()
    tape.planned([{"job": 0, "rule": "all"}, {"job": 1, "rule": "split"}, {"job": 2, "rule": "agg"}])
    tape.info(1, "split").finished(1)
    tape.planned([{"job": 0, "rule": "all"}, {"job": 1, "rule": "split"}, {"job": 9, "rule": "agg"}], generation=2)
    tape.info(9, "agg").finished(9).info(0, "all").finished(0).ended()
    await post(served, tape.run_id, tape.body())
    run = await get(served, f"/api/v1/runs/{tape.run_id}")
    assert (run["jobs"]["total"], run["progress"]) == (3, 1)


def foreign(n: int) -> str:
    """Text of three bytes a character that does not compress."""
    return "".join(chr(random.Random(n + i).randrange(0x4E00, 0x9FA5)) for i in range(n))


MOST = 2**31 - 1


@pytest.mark.parametrize(
    "odd",
    [
        [{"kind": "gap", "count": MOST}, {"kind": "gap", "count": MOST}],
        [{"kind": "run_info", "stats": {"a": MOST, "b": MOST}}],
        [{"kind": "job_info", "job": 1, "rule": foreign(1000)}],
        [{"kind": "workflow_started", "snakefile": "/" + foreign(999)}],
        [{"kind": "plan", "jobs": [{"job": 1, "rule": "a", "conda": 5, "container": ["x"]}]}],
    ],
    ids=["gaps", "expected", "rule", "workflow", "environment"],
)
async def test_figures_and_names_beyond_measure_cost_themselves_only(served: Served, odd: list[Line]) -> None:
    run_id = uuid.uuid4()
    await send(served, run_id, numbered([*odd, {"kind": "job_info", "job": 1}]))
    for path in ("", "/jobs", "/jobs/1", "/rulegraph", "/graph", "/failures", "/log"):
        await get(served, f"/api/v1/runs/{run_id}{path}")


@pytest.mark.parametrize(
    "said",
    [
        b'"x\xed\xa0\x80y"',
        b"[" * 950 + b'"\\u0041"' + b"]" * 950,
        b"[" * 1000 + b"]" * 1000,
    ],
    ids=["half a character", "deep and escaped", "deep"],
)
@pytest.mark.parametrize("event", [b'"job_info", "job": 1, "rule": ', b'"log", "text": '])
async def test_texts_beyond_measure_are_refused_or_cost_themselves_only(
    served: Served, event: bytes, said: bytes
) -> None:
    tape = Tape().opened()
    body = tape.body() + b'{"seq": 2, "at": 1.7e9, "kind": ' + event + said + b"}\n"
    answer = await served.client.post(tape.path, content=factories.packed(body), headers=factories.headers())
    assert answer.status_code in (200, 422), answer.text
    if answer.status_code == 200:
        for path in ("", "/jobs", "/rulegraph", "/log"):
            await get(served, f"/api/v1/runs/{tape.run_id}{path}")


def test_lines_without_number_are_not_parted() -> None:
    data = b"00\n" * 2_000_000
    tracemalloc.start()
    try:
        with pytest.raises(TooLarge):
            journal.read_batch(data, Settings())
        assert tracemalloc.get_traced_memory()[1] < len(data)
    finally:
        tracemalloc.stop()


async def test_a_plan_bomb_is_refused(served: Served) -> None:
    tape = Tape().opened().planned([{"job": 1, "rule": "a", "needs": [1] * 1_000_001}])
    answer = await served.client.post(tape.path, content=factories.packed(tape.body()), headers=factories.headers())
    assert answer.status_code == 413, answer.text


# What a person assumed of a lost run.


async def lose(served: Served, run_id: uuid.UUID) -> None:
    async with served.database.session() as session:
        await session.execute(
            text("UPDATE run SET status = 'lost', lost_since = heard_at WHERE id = :r AND status = 'running'"),
            {"r": run_id},
        )


async def test_a_job_that_was_to_be_tried_again_is_the_first_failure_of_a_run_declared_ended(served: Served) -> None:
    tape = Tape().opened().info(1).failed(1).add(wire.JobRestarting(job=1))
    await post(served, tape.run_id, tape.body())
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
    await post(served, tape.run_id, tape.body())
    await lose(served, tape.run_id)
    ended = (await served.client.post(f"/api/v1/runs/{tape.run_id}/end")).json()
    assert (await served.client.post(f"{tape.path[:-7]}/heartbeat")).status_code == 204
    run = await get(served, f"/api/v1/runs/{tape.run_id}")
    assert (run["status"], run["ended_at"], run["jobs"]["running"], run["jobs"]["queued"]) == ("running", None, 1, 1)
    assert run["revision"] > ended["revision"]


# What is asked in ways that nobody of ours asks.


def cursor(*key: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("/jobs", [10**12]),
        ("/jobs", [10**30]),
        ("/jobs", [True]),
        ("/jobs", [-1]),
        ("/jobs?sort=attempt", [40_000, 1]),
        ("/jobs?sort=status", [2**40, 1]),
        ("/jobs?sort=rule", ["\0", 1]),
        ("/jobs?sort=started_at", ["2024-01-01", 1]),
        ("/jobs?sort=started_at", ["0001-01-01T00:00:00+14:00", 1]),
        ("/jobs?sort=duration", ["nan", 1]),
        ("/failures", ["2024-01-01T00:00:00", 1]),
        ("/log", [2**70]),
        (None, ["2024-01-01", str(uuid.uuid4())]),
        (None, ["2024-01-01T00:00:00+00:00", 5]),
    ],
)
async def test_cursors_that_no_row_has(served: Served, path: str | None, key: list[Any]) -> None:
    tape = Tape().opened().info(1).failed(1)
    await post(served, tape.run_id, tape.body())
    url = "/api/v1/runs" if path is None else f"/api/v1/runs/{tape.run_id}{path}"
    answer = await served.client.get(f"{url}{'&' if '?' in url else '?'}cursor={cursor(*key)}")
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("text", ["\\u0000", "\\ud800"])
async def test_texts_that_a_database_does_not_take(served: Served, text: str) -> None:
    tape = Tape().opened()
    await post(served, tape.run_id, tape.body())
    for body in ('{"name": "a%s"}', '{"note": "a%s"}', '{"tags": ["%s"]}'):
        answer = await served.client.patch(
            f"/api/v1/runs/{tape.run_id}", content=body % text, headers={"Content-Type": "application/json"}
        )
        assert answer.status_code == 422, answer.text


async def test_paths_that_no_file_system_takes(served: Served) -> None:
    async with httpx.AsyncClient(base_url=served.url) as stranger:
        assert (await stranger.get("/" + "a" * 400)).status_code == 404
        assert (await stranger.get("/assets/" + "a" * 5000 + "/b")).status_code == 404


@pytest.mark.parametrize("path", ["/api/v1/auth/login", "/api/v1/auth/token"])
async def test_a_form_without_end_is_not_read(served: Served, path: str) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}

    async def pieces() -> AsyncIterator[bytes]:
        yield b"username="
        for _ in range(20):
            yield b"a" * 100_000

    async with httpx.AsyncClient(base_url=served.url) as stranger:
        for content in (b"username=" + b"a" * 2_000_000, pieces()):
            answer = await stranger.post(path, content=content, headers=headers)
            assert answer.status_code in (400, 413), answer.text
            assert answer.headers["content-type"] == "application/problem+json"


# The stream.


async def test_a_stream_from_the_beginning_of_time(served: Served) -> None:
    async with stream(served, "runs", since="runs=0001-01-01T00:00:00+00:00") as opened:
        assert (await opened.message())["event"] == "runs"


async def test_who_comes_back_to_an_older_copy_of_the_database_hears_on(served: Served) -> None:
    tape = Tape().opened().info(1)
    await post(served, tape.run_id, tape.body())
    async with stream(served, f"run:{tape.run_id}", since=f"{tape.run_id}=1000") as opened:
        assert (await opened.message("run", seconds=3))["resync"] == ["jobs", "graph", "run"]
        await post(served, tape.run_id, tape.finished(1).body(3))
        assert (await opened.run(lambda m: m["jobs"]))["jobs"][0]["status"] == "succeeded"


async def test_that_a_run_is_gone_is_told_once(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(brokers, "POLL_S", 0.1)
    tape = Tape().opened().info(1)
    await post(served, tape.run_id, tape.body())
    async with stream(served, f"run:{tape.run_id}") as opened:
        await opened.message("run")
        await served.client.delete(f"/api/v1/runs/{tape.run_id}")
        assert (await opened.run(lambda m: m["deleted"]))["run"] is None
        with pytest.raises(TimeoutError):
            await opened.message("run", seconds=0.7)


async def test_a_deletion_that_took_long_is_told_to_lists(served: Served) -> None:
    tape = Tape().opened().info(1)
    await post(served, tape.run_id, tape.body())
    async with served.database.session() as session:
        run = await session.get_one(Run, tape.run_id)
        await session.execute(text("SELECT pg_sleep(0.5)"))
        before = (await session.execute(text("SELECT clock_timestamp()"))).scalar_one()
        await edits.remove(session, tape.run_id, run.workspace_id)
        query = text("SELECT deleted_at FROM deleted_run WHERE run_id = :r")
        assert (await session.execute(query, {"r": tape.run_id})).scalar_one() > before


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


async def test_streams_begin_anew_where_a_word_about_rights_may_have_been_missed(alone: Served) -> None:
    async with stream(alone, "runs") as opened:
        await opened.message("runs")
        alone.app.state.broker.missed()
        assert (await opened.message("bye"))["again"] is True


async def test_a_database_that_lets_nobody_in_for_a_while(
    alone: Served, database_url: str, postgres: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(brokers, "POLL_S", 0.1)
    name = make_url(database_url).database
    tape = Tape().opened().info(1)
    await post(alone, tape.run_id, tape.body())
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
    await post(alone, tape.run_id, tape.finished(1).body(3))
    async with asyncio.timeout(30):
        await watcher.wake.wait()
    assert not {"sweeper", "listener"} - {task.get_name() for task in asyncio.all_tasks()}
    topic.task.cancel()


async def test_a_demo_that_is_being_started_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ready = asyncio.Event()

    async def slowly(*_arguments: Any, **_more: Any) -> None:
        await ready.wait()
        raise ProcessLookupError

    monkeypatch.setattr(asyncio, "create_subprocess_exec", slowly)
    demo = launch.Demo(tmp_path)
    starting = asyncio.create_task(demo.start())
    await asyncio.sleep(0)
    assert demo.running
    ready.set()
    with pytest.raises(ProcessLookupError):
        await starting
    assert not demo.running
