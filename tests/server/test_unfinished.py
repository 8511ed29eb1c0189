"""Why a job has no end, or was never started: the rule, and what the API tells of it."""

from __future__ import annotations

from typing import Any

import pytest
from snakemake_logger_plugin_flowo import wire

from flowo.runs import state
from tests.factories import Tape
from tests.server.asked import get, post
from tests.server.servers import Served


@pytest.mark.parametrize(
    ("job", "run", "known", "reason"),
    [
        ("aborted", "interrupted", {}, "interrupted"),
        ("aborted", "failed", {}, "untold"),
        ("aborted", "succeeded", {}, "untold"),
        ("aborted", "interrupted", {"declared": True}, "declared"),
        ("skipped", "failed", {"upstream": (3, "failed"), "first_failure": 1}, "upstream"),
        ("skipped", "failed", {"first_failure": 1}, "stopped"),
        ("skipped", "failed", {}, "stopped"),  # a hook failed, or a rule could not be formatted
        ("skipped", "interrupted", {}, "interrupted"),
        ("skipped", "succeeded", {}, "not_needed"),
        ("skipped", "succeeded", {"dry_run": True}, "dry_run"),
        ("skipped", "interrupted", {"declared": True}, "declared"),
        ("failed", "failed", {}, None),
        ("succeeded", "succeeded", {}, None),
        ("running", "lost", {}, None),
        ("planned", "running", {}, None),
    ],
)
def test_each_status_has_its_reason(job: str, run: str, known: dict[str, Any], reason: str | None) -> None:
    found = state.unfinished(job, run, **known)
    assert (found and found.reason) == reason


def test_the_nearest_job_without_success_is_named() -> None:
    needs = {0: [1, 2], 1: [3], 2: [4], 3: [5], 4: [5, 6], 6: [4]}  # 4 and 6: no graph of Snakemake's, and no hang
    assert state.upstream_of(0, needs, {5: "failed", 4: "aborted"}) == (4, "aborted")
    assert state.upstream_of(0, needs, {3: "failed", 4: "aborted"}) == (3, "failed")
    assert state.upstream_of(0, needs, {7: "failed"}) is None


def plan(tape: Tape) -> Tape:
    """all (0) ← 1 ← 2, and 3 beside them."""
    return tape.opened().planned(
        [
            {"job": 0, "rule": "all", "needs": [1, 3]},
            {"job": 1, "rule": "call", "needs": [2]},
            {"job": 2, "rule": "map"},
            {"job": 3, "rule": "map"},
        ]
    )


async def told(served: Served, tape: Tape, *numbers: int) -> list[tuple[str, int | None]]:
    """The reasons of jobs, with the numbers of the jobs that they come from."""
    await post(served, tape)
    found = []
    for number in numbers:
        job = await get(served, f"/api/v1/runs/{tape.run_id}/jobs/{number}")
        why = job["unfinished"]
        found.append((why["reason"], why["job"] and why["job"]["number"]))
    return found


async def test_what_fails_is_named_to_those_that_need_it_and_to_the_others(served: Served) -> None:
    tape = plan(Tape()).info(2).failed(2).ended("failed")
    assert await told(served, tape, 0, 1, 3) == [("upstream", 2), ("upstream", 2), ("stopped", 2)]
    job = await get(served, f"/api/v1/runs/{tape.run_id}/jobs/1")
    assert job["unfinished"]["text"] == "It needs job 2, which failed."
    assert (job["unfinished"]["job"]["rule"], job["unfinished"]["job"]["status"]) == ("map", "failed")
    assert (await get(served, f"/api/v1/runs/{tape.run_id}/jobs/2"))["unfinished"] is None
    apart = await get(served, f"/api/v1/runs/{tape.run_id}/jobs/1", place=False)
    assert (apart["unfinished"], apart["near"]) == (job["unfinished"], None)


async def test_an_interruption_is_the_reason_but_not_for_what_failed_before(served: Served) -> None:
    tape = plan(Tape()).info(2).info(3).failed(2, interrupted=True).ended("interrupted")
    assert await told(served, tape, 1, 3) == [("interrupted", None), ("interrupted", None)]
    tape = plan(Tape()).info(2).info(3).failed(2).ended("interrupted")
    assert await told(served, tape, 1, 3) == [("upstream", 2), ("interrupted", None)]


async def test_silence_and_life_are_two_moments(served: Served) -> None:
    tape = plan(Tape()).info(2)
    await post(served, tape)
    first = await get(served, f"/api/v1/runs/{tape.run_id}")
    answer = await served.client.post(f"/api/ingest/v1/runs/{tape.run_id}/heartbeat", json={})
    assert answer.is_success
    then = await get(served, f"/api/v1/runs/{tape.run_id}")
    assert then["last_event_at"] == first["last_event_at"]
    assert then["last_heard_at"] > first["last_heard_at"] >= first["last_event_at"]
    await post(served, tape.add(wire.Log(text="again")))
    assert (await get(served, f"/api/v1/runs/{tape.run_id}"))["last_event_at"] > then["last_heard_at"]
