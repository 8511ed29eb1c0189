"""Why an attempt failed: the class and its evidence, what was found of the attempt, in whatever order it is heard."""

from __future__ import annotations

import signal
from typing import Any

import pytest
from snakemake_logger_plugin_flowo import wire

from flowo.runs.causes import Ending, failure_class
from tests.factories import Tape
from tests.server.asked import get, post
from tests.server.servers import Served

JAVA = "java -Xmx2g -XX:+ExitOnOutOfMemoryError -jar x.jar  # if out of memory: more"
SHELL = f"RuleException:\nCalledProcessError in file S, line 6:\nCommand '{JAVA}' returned non-zero exit status 3."
SLURM = "SLURM-job '48' failed, SLURM status is: '{}'. Reason: NonZeroExitCode.For further error details see"
STEP = "slurmstepd: error: *** JOB 48 ON n1 CANCELLED AT 2026-11-01T10:00:00 {}***"


@pytest.mark.parametrize(
    ("ending", "kind", "evidence"),
    [
        (Ending(), "unknown", None),
        (Ending(exit_code=3, message=SHELL), "nonzero_exit", "exit code 3"),
        (Ending(exit_code=137), "signal", "exit code 137 (128 + SIGKILL)"),
        (Ending(exit_code=255), "nonzero_exit", "exit code 255"),
        (Ending(signal=9), "signal", "killed by SIGKILL"),
        (Ending(signal=77), "signal", "killed by signal 77"),
        (Ending(exit_code=1, exception="MissingOutputException"), "missing_output", "MissingOutputException"),
        (Ending(exception="ValueError", message="ValueError: x"), "exception", "ValueError"),
        (Ending(message="a line\nWorkflowError: no"), "exception", "WorkflowError: no"),
        # The executor's word.
        (Ending(message=SLURM.format("OUT_OF_MEMORY"), exit_code=137), "oom", "slurm: OUT_OF_MEMORY"),
        (Ending(message=SLURM.format("TIMEOUT")), "timeout", "slurm: TIMEOUT"),
        (Ending(message=SLURM.format("CANCELLED")), "cancelled", "slurm: CANCELLED"),
        (Ending(message=SLURM.format("NODE_FAIL")), "unknown", "slurm: NODE_FAIL"),
        (Ending(message=SLURM.format("FAILED"), exit_code=2), "nonzero_exit", "exit code 2"),
        (Ending(remote={"executor": "aws-batch", "category": "oom", "reason": "Container killed"}, exit_code=137),
         "oom", "aws-batch: oom (Container killed)"),
        (Ending(remote={"executor": "aws-batch", "category": "spot", "confidence": "high"}), "unknown", "aws-batch: spot"),
        (Ending(remote={"category": "oom", "confidence": "low"}, exit_code=1), "nonzero_exit", "exit code 1"),
        # Logs that say so.
        (Ending(exit_code=137, cluster_logs=["x\nslurmstepd: error: Detected 1 oom_kill event in StepId=48.0.\ny"]),
         "oom", "cluster log: slurmstepd: error: Detected 1 oom_kill event in StepId=48.0."),
        (Ending(exit_code=1, logs=["a\njava.lang.OutOfMemoryError: Java heap space\n  at x"]),
         "oom", "log: java.lang.OutOfMemoryError: Java heap space"),
        (Ending(exit_code=1, logs=["MemoryError"]), "oom", "log: MemoryError"),
        (Ending(signal=6, logs=["terminate: what():  std::bad_alloc"]), "oom", "log: terminate: what():  std::bad_alloc"),
        (Ending(exit_code=1, logs=["Error: cannot allocate vector of size 2.1 Gb"]),
         "oom", "log: Error: cannot allocate vector of size 2.1 Gb"),
        (Ending(signal=15, cluster_logs=[STEP.format("DUE TO TIME LIMIT ")]),
         "timeout", f"cluster log: {STEP.format('DUE TO TIME LIMIT ')}"),
        (Ending(signal=15, cluster_logs=[STEP.format("")]), "cancelled", f"cluster log: {STEP.format('')}"),
        (Ending(signal=15, cluster_logs=[STEP.format("DUE TO NODE FAILURE ")]), "signal", "killed by SIGTERM"),
        # What only looks like it.
        (Ending(exit_code=2, logs=["If you run out of memory, use --low", f"+ {JAVA}"]), "nonzero_exit", "exit code 2"),
        (Ending(exit_code=2, logs=["timeout: 3 retries", "no MemoryErrors were seen"]), "nonzero_exit", "exit code 2"),
        (Ending(exit_code=2, logs=["MemoryError\n" + "later\n" * 500]), "nonzero_exit", "exit code 2"),
        # The run was interrupted.
        (Ending(signal=signal.SIGINT, interrupted=True), "cancelled", "killed by SIGINT at the run's interruption"),
        (Ending(exit_code=143, interrupted=True), "cancelled", "killed by SIGTERM at the run's interruption"),
        (Ending(exit_code=3, interrupted=True), "nonzero_exit", "exit code 3"),
        (Ending(signal=signal.SIGSEGV, interrupted=True), "signal", "killed by SIGSEGV"),
    ],
)  # fmt: skip
def test_the_class_is_what_there_is_evidence_for(ending: Ending, kind: str, evidence: str | None) -> None:
    assert failure_class(ending) == (kind, evidence)


def test_a_line_without_end_is_cut_around_what_it_tells() -> None:
    _, evidence = failure_class(Ending(logs=["x" * 50_000 + " MemoryError " + "y" * 50_000]))
    assert evidence is not None
    assert "MemoryError" in evidence
    assert len(evidence) < 250


def told() -> Tape:
    """A job that fails twice on a cluster, with two logs and its executor's."""
    tape = Tape().opened()
    for attempt in (1, 2):
        tape.info(1, local=False, logs=["a.log", "b.log"], inputs=["in", "gone"], resources={"mem_mb": 100 * attempt})
        tape.add(wire.JobSubmitted(jobs=[1], external_id=f"4{attempt}", log="slurm.log"))
        tape.failed(
            1, exit_code=None, message="For further error details see the cluster log", cluster_logs=["slurm.log"]
        )
        tape.add(
            wire.LogSnapshot(job=1, attempt=attempt, path="a.log", note="there is no such file"),
            wire.LogSnapshot(job=1, attempt=attempt, path="b.log", tail=f"try {attempt}\n", size=6),
            wire.LogSnapshot(
                job=1, attempt=attempt, path="slurm.log", size=900, cluster=True,
                tail=f"Command 'x' returned non-zero exit status {attempt + 1}.\n",
            ),
            wire.InputSnapshot(
                job=1, attempt=attempt, total=300,
                files=[{"path": "in", "size": 5}, {"path": "gone", "missing": True}, {"path": "d", "note": "a directory"}],
            ),
        )  # fmt: skip
        if attempt == 1:
            tape.add(wire.JobRestarting(job=1))
    return tape.ended("failed")


@pytest.mark.parametrize("size", [1, 2, 3, 100])
async def test_an_attempt_has_its_own_logs_inputs_and_exit_code(served: Served, size: int) -> None:
    tape = told()
    for first in range(1, len(tape.lines) + 1, size):
        await post(served, tape, first, min(first + size - 1, len(tape.lines)))
    job = await get(served, f"/api/v1/runs/{tape.run_id}/jobs/1")
    for attempt in job["attempts"]:
        n = attempt["attempt"]
        assert (attempt["exit_code"], attempt["class"], attempt["evidence"]) == (
            n + 1,
            "nonzero_exit",
            f"exit code {n + 1}",
        )
        assert attempt["resources"] == {"mem_mb": 100 * n}
        assert (attempt["external_id"], attempt["cluster_log"]) == (f"4{n}", "slurm.log")
        assert [log["path"] for log in attempt["logs"]] == ["a.log", "b.log", "slurm.log"]
        assert [log["cluster"] for log in attempt["logs"]] == [False, False, True]
        assert attempt["log"]["tail"] == f"try {n}\n"
        assert attempt["inputs"] == {
            "files": [
                {"path": "in", "exists": True, "size": 5, "note": None},
                {"path": "gone", "exists": False, "size": None, "note": None},
                {"path": "d", "exists": None, "size": None, "note": "a directory"},
            ],
            "total": 300,
            "note": None,
        }
    run = await get(served, f"/api/v1/runs/{tape.run_id}")
    assert (run["first_failure"]["exit_code"], run["first_failure"]["evidence"]) == (3, "exit code 3")
    (failure,) = (await get(served, f"/api/v1/runs/{tape.run_id}/failures"))["items"]
    assert failure["log"] == job["attempts"][1]["log"]
    assert (failure["tails"], failure["inputs"]) == (job["attempts"][1]["logs"], job["attempts"][1]["inputs"])


@pytest.mark.parametrize("size", [1, 2, 100])
async def test_of_a_group_the_one_to_blame_stands_first_and_the_others_say_so(served: Served, size: int) -> None:
    tape = Tape().opened()
    log = "Command 'false' returned non-zero exit status 3.\nMemoryError\n"
    tape.add(wire.GroupInfo(group="g", jobs=[4, 5, 6]))
    for job in (6, 5, 4):
        tape.info(job, local=False)
    tape.add(wire.GroupError(group="g", jobs=[4, 5, 6]))
    at = tape.at
    for job in (6, 5, 4):
        tape.failed(job, message="Its group of 3 jobs failed.", exit_code=None, cluster_logs=["48.log"])
        tape.add(wire.LogSnapshot(job=job, path="48.log", tail=log, size=len(log), cluster=True))
    tape.add(
        wire.GroupMember(job=5, message="MemoryError", exception="MemoryError", exit_code=3, group_at=at),
        wire.GroupMember(job=4, outcome="not_started", message="Job 5 failed; this one had not been started."),
        wire.GroupMember(job=9, message="of no failure that was told"),
    )
    tape.ended("failed")
    for first in range(1, len(tape.lines) + 1, size):
        await post(served, tape, first, min(first + size - 1, len(tape.lines)))
    run = await get(served, f"/api/v1/runs/{tape.run_id}")
    assert (run["first_failure"]["number"], run["first_failure"]["exit_code"]) == (5, 3)
    assert (run["jobs"]["failed"], run["skipped_events"]) == (3, 0)
    failures = (await get(served, f"/api/v1/runs/{tape.run_id}/failures"))["items"]
    assert [(one["number"], one["class"], one["message"]) for one in failures] == [
        (5, "oom", "MemoryError"),
        (6, "oom", "Its group of 3 jobs failed."),
        (4, "unknown", "Job 5 failed; this one had not been started."),
    ]
    assert (failures[2]["evidence"], failures[2]["exit_code"]) == (None, None)
    told = (await get(served, f"/api/v1/runs/{tape.run_id}/log?limit=100"))["items"]
    assert "Its group failed by job 5.\nMemoryError" in [line["text"] for line in told]


async def test_a_log_that_comes_later_makes_the_class(served: Served) -> None:
    tape = Tape().opened().info(1).failed(1, exit_code=137, message="killed")
    await post(served, tape)
    path = f"/api/v1/runs/{tape.run_id}"
    assert (await get(served, path))["first_failure"]["class"] == "signal"
    tape.add(wire.LogSnapshot(job=1, path="a.log", tail="x\n" * 9_000 + "std::bad_alloc\n", size=20_000))
    await post(served, tape, len(tape.lines))
    first = (await get(served, path))["first_failure"]
    assert (first["class"], first["evidence"], first["exit_code"]) == ("oom", "log: std::bad_alloc", 137)
    (failure,) = (await get(served, f"{path}/failures"))["items"]
    assert len(failure["log"]["tail"]) <= 8_000
    assert failure["log"]["tail"].endswith("bad_alloc\n")
    job = await get(served, f"{path}/jobs/1")
    assert len(job["attempts"][0]["log"]["tail"]) > 17_000


async def test_of_a_failure_that_nothing_is_told_of_the_class_is_unknown(served: Served) -> None:
    """So it is with `run:` blocks that raise: what they say goes to Snakemake's terminal only."""
    tape = Tape().opened().info(1).failed(1, exit_code=None, message=None)
    await post(served, tape)
    path = f"/api/v1/runs/{tape.run_id}"
    first = (await get(served, path))["first_failure"]
    assert (first["class"], first["evidence"], first["message"]) == ("unknown", None, None)
    (alike,) = (await get(served, f"{path}/failures/groups"))["items"]
    assert (alike["class"], alike["count"]) == ("unknown", 1)
    tape.add(wire.LogSnapshot(job=1, path="a.log", tail="MemoryError\n", size=12))
    await post(served, tape, len(tape.lines))
    (attempt,) = (await get(served, f"{path}/jobs/1"))["attempts"]
    assert (attempt["class"], attempt["evidence"]) == ("oom", "log: MemoryError")


async def test_a_groups_log_gives_no_job_an_exit_code(served: Served) -> None:
    tape = Tape().opened().add(wire.GroupInfo(group="g", jobs=[1])).info(1).failed(1, exit_code=None, message="group")
    text = "returned non-zero exit status 7."
    await post(served, tape.add(wire.LogSnapshot(job=1, path="48.log", tail=text, cluster=True)))
    (attempt,) = (await get(served, f"/api/v1/runs/{tape.run_id}/jobs/1"))["attempts"]
    assert (attempt["exit_code"], attempt["class"]) == (None, "unknown")


async def test_snapshots_of_a_job_that_did_not_fail_make_no_failure(served: Served) -> None:
    tape = Tape().opened().info(1).add(wire.LogSnapshot(job=1, path="a.log", tail="MemoryError")).finished(1).ended()
    await post(served, tape)
    (attempt,) = (await get(served, f"/api/v1/runs/{tape.run_id}/jobs/1"))["attempts"]
    assert (attempt["status"], attempt["class"], attempt["log"]["tail"]) == ("succeeded", None, "MemoryError")


@pytest.mark.parametrize(
    "odd",
    [
        {"kind": "input_snapshot", "job": 1, "attempt": 1, "files": [{"path": 7, "size": -1}, {"size": 2**60}]},
        {"kind": "input_snapshot", "job": 1, "attempt": 1, "files": "abc"},
        {"kind": "input_snapshot", "job": 1, "attempt": 0},
        {"kind": "log_snapshot", "job": 1, "attempt": 1, "path": ["x"], "tail": {"a": 1}, "cluster": "yes"},
        {"kind": "job_error", "job": 1, "cluster_logs": "abc", "interrupted": "no"},
        {"kind": "job_submitted", "jobs": [1], "external_ids": {"a": 1}},
    ],
)
async def test_odd_facts_cost_themselves_only(served: Served, odd: dict[str, Any]) -> None:
    from tests import factories

    tape = Tape().opened().info(1).failed(1)
    line = {"seq": len(tape.lines) + 1, "at": 1.7e9, **odd}
    answer = await served.client.post(
        tape.path, content=factories.packed(tape.body() + factories.lines(line)), headers=factories.headers()
    )
    assert answer.status_code == 200, answer.text
    for path in ("/jobs/1", "/failures", ""):
        assert (await served.client.get(f"/api/v1/runs/{tape.run_id}{path}")).status_code == 200
