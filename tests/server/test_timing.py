"""Queue and run time as two figures, where there is evidence; and what a benchmark says."""

from __future__ import annotations

from typing import Any

import pytest
from snakemake_logger_plugin_flowo import wire

from flowo.runs import state
from tests.factories import Tape
from tests.server.asked import get, pages, post
from tests.server.servers import Served


def on_cluster(**more: Any) -> Tape:
    """A job that was submitted; the moments go up by a second with each event."""
    return Tape().opened().info(1, local=False, **more).add(wire.JobSubmitted(jobs=[1], external_id="48"))


def waited(tape: Tape, seconds: float) -> Tape:
    tape.at += seconds
    return tape


async def times(served: Served, tape: Tape) -> tuple[Any, Any, Any]:
    job = await get(served, f"/api/v1/runs/{tape.run_id}/jobs/1")
    (listed,) = await pages(served, f"/api/v1/runs/{tape.run_id}/jobs")
    last = job["attempts"][-1]
    found = last["queue_seconds"], last["run_seconds"]
    assert (job["queue_seconds"], job["run_seconds"]) == (listed["queue_seconds"], listed["run_seconds"]) == found
    return *found, last["timed_by"]


async def test_a_local_job_ran_and_did_not_wait(served: Served) -> None:
    tape = Tape().opened().info(1).finished(1)
    await post(served, tape)
    assert await times(served, tape) == (None, 1.0, "local")


async def test_of_a_submitted_job_nothing_is_guessed(served: Served) -> None:
    tape = waited(on_cluster(), 100).finished(1).ended()
    await post(served, tape)
    assert await times(served, tape) == (None, None, None)


async def test_a_start_that_was_seen_parts_them(served: Served) -> None:
    tape = waited(on_cluster(), 10).add(wire.JobRunning(job=1, evidence="status"))
    await post(served, waited(tape, 20).finished(1))
    assert await times(served, tape) == (12.0, 21.0, "events")


async def test_a_benchmark_tells_the_run_and_the_rest_was_waiting(served: Served) -> None:
    tape = waited(on_cluster(benchmark="b.tsv"), 98).finished(1)
    await post(served, tape)
    rows = [{"s": 30.0, "max_rss": 100.0, "mean_load": 50.0}, {"s": 10.0, "max_rss": 300.0, "mean_load": 90.0}]
    await post(served, tape.add(wire.JobFigures(job=1, path="b.tsv", rows=rows)), len(tape.lines))
    assert await times(served, tape) == (60.0, 40.0, "benchmark")
    (attempt,) = (await get(served, f"/api/v1/runs/{tape.run_id}/jobs/1"))["attempts"]
    assert attempt["figures"] == {"s": 40.0, "max_rss": 300.0, "mean_load": 60.0}
    assert attempt["repeats"] == rows


async def test_a_local_jobs_benchmark_is_no_queue(served: Served) -> None:
    tape = Tape().opened().info(1, benchmark="b.tsv")
    tape = waited(tape, 49).finished(1).add(wire.JobFigures(job=1, path="b.tsv", rows=[{"s": 30.0}]))
    await post(served, tape)
    assert await times(served, tape) == (None, 50.0, "local")


REMOTE: dict[str, Any] = {"executor": "aws-batch", "external_id": "arn:1", "queued_at": 9e8}


@pytest.mark.parametrize("size", [1, 100])
async def test_an_executor_that_tells_is_believed_by_its_own_clock(served: Served, size: int) -> None:
    tape = on_cluster()
    tape.add(wire.RemoteState(job=1, phase="queued", **REMOTE))
    tape.add(wire.RemoteState(job=1, phase="running", started_at=9e8 + 300, **REMOTE))
    await post(served, tape)
    job = await get(served, f"/api/v1/runs/{tape.run_id}/jobs/1")
    assert (job["status"], job["external_id"], job["queue_seconds"], job["run_seconds"]) == (
        "running",
        "arn:1",
        300,
        None,
    )
    begun = len(tape.lines)
    tape.add(
        wire.RemoteState(job=1, phase="succeeded", started_at=9e8 + 300, stopped_at=9e8 + 360, exit_code=0, **REMOTE)
    )
    tape.finished(1).add(wire.JobFigures(job=1, path="b.tsv", rows=[{"s": 58.0}])).ended()
    for first in range(begun + 1, len(tape.lines) + 1, size):
        await post(served, tape, first, min(first + size - 1, len(tape.lines)))
    assert await times(served, tape) == (300.0, 60.0, "executor")


async def test_an_executor_tells_why_and_the_next_attempt_begins_anew(served: Served) -> None:
    tape = on_cluster()
    failed: dict[str, Any] = {"phase": "failed", "started_at": 9e8 + 5, "stopped_at": 9e8 + 7, "exit_code": 137}
    tape.add(wire.RemoteState(job=1, category="oom", confidence="high", reason="OutOfMemory", **failed, **REMOTE))
    tape.failed(1, exit_code=None, message="failed").add(wire.JobRestarting(job=1)).info(1, local=False)
    await post(served, tape)
    job = await get(served, f"/api/v1/runs/{tape.run_id}/jobs/1")
    one, two = job["attempts"]
    assert (one["exit_code"], one["class"], one["evidence"]) == (137, "oom", "aws-batch: oom (OutOfMemory)")
    assert (one["queue_seconds"], one["run_seconds"], one["remote"]["executor"]) == (5, 2, "aws-batch")
    assert (two["queue_seconds"], two["run_seconds"], two["remote"]) == (None, None, None)
    assert (job["queue_seconds"], job["run_seconds"]) == (None, None)


async def test_jobs_are_sorted_by_what_they_ran(served: Served) -> None:
    tape = on_cluster()
    waited(tape, 98).finished(1).info(2)
    waited(tape, 49).finished(2).add(wire.JobFigures(job=1, path="b.tsv", rows=[{"s": 60.0}]))
    await post(served, tape.info(3))
    found = await pages(served, f"/api/v1/runs/{tape.run_id}/jobs", sort="-duration", limit=1)
    assert [job["number"] for job in found] == [1, 2, 3]


def test_figures_of_one_row_are_that_row() -> None:
    row = {"s": 2.0, "max_rss": 5.0, "mean_load": 80.0, "cpu_time": 1.6}
    assert state.figures([row]) == row
    assert state.figures([]) == {}
    assert state.figures([{"mean_load": 80.0}, {"mean_load": 40.0}]) == {"mean_load": 60.0}


@pytest.mark.parametrize(
    "odd",
    [
        {"kind": "job_figures", "job": 1, "attempt": 1, "rows": [{"s": "x", "max_rss": 1e300}, {}]},
        {"kind": "job_figures", "job": 1, "attempt": 1, "rows": [7]},
        {"kind": "job_figures", "job": 1, "attempt": 1, "rows": "abc"},
        {"kind": "remote_state", "job": 1, "attempt": 1, "phase": ["x"], "queued_at": "now", "exit_code": "x"},
        {"kind": "remote_state", "job": 1, "attempt": 0},
    ],
)
async def test_odd_figures_cost_themselves_only(served: Served, odd: dict[str, Any]) -> None:
    from tests import factories

    tape = on_cluster().finished(1)
    line = {"seq": len(tape.lines) + 1, "at": 1.7e9, **odd}
    answer = await served.client.post(
        tape.path, content=factories.packed(tape.body() + factories.lines(line)), headers=factories.headers()
    )
    assert answer.status_code == 200, answer.text
    assert await times(served, tape) == (None, None, None)
