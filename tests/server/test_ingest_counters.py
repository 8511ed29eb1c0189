"""Whatever is heard, in whatever order and in whatever batches: the figures are those of the rows, and the rows the same."""

from __future__ import annotations

import asyncio
import itertools
import uuid
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from flowo.runs import state
from tests.factories import Line, Tape
from tests.server.asked import get, numbered, post, send
from tests.server.servers import Served
from tests.server.test_ingest_orders import held_of
from tests.server.test_lost import lose

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
                if table != "blob":  # a command that was told anew in a later batch leaves its first text behind
                    assert found[table] == content, f"{table} depends on the batches"
            assert all(text in found["blob"] for text in expected["blob"])

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
    await post(served, tape)
    run = await get(served, f"/api/v1/runs/{tape.run_id}")
    assert (run["jobs"]["total"], run["progress"]) == (3, 1)
