"""Words that no recording holds: of the Slurm executor (2.8), of arrays, of groups, of executors that tell states."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from snakemake_logger_plugin_flowo import translate, wire


def record(text: str = "None", event: str | None = None, **extra: Any) -> logging.LogRecord:
    made = logging.LogRecord("snakemake.logging", logging.INFO, "", 0, text, None, None)
    made.__dict__.update(extra, **({"event": event} if event else {}))
    return made


def heard(*records: logging.LogRecord) -> list[wire.Event]:
    """All events but the text itself."""
    translator = translate.Translator()
    events = [event for one in records for event in translator.translate(one)]
    return [event for event in events if not isinstance(event, wire.Log | wire.JobInfo | wire.GroupInfo)]


def info(job: int, *logs: str, **extra: Any) -> logging.LogRecord:
    return record(event="job_info", jobid=job, rule_name="r", log=list(logs), local=False, **extra)


def test_slurm_tells_the_log_and_an_array_each_jobs_own_id() -> None:
    path = "/home/eve/.snakemake/slurm_logs/rule_r/4711.log"
    assert heard(info(3), record(f"Job 3 has been submitted with SLURM jobid 4711 (log: {path}).")) == [
        wire.JobSubmitted(jobs=[3], external_id="4711", log=path)
    ]
    text = "Submitted array job with Snakemake IDs 5,4,9 and SLURM job ID 48. The individual task IDs are 11-13."
    assert heard(record(text)) == [
        wire.JobSubmitted(jobs=[5, 4, 9], external_id="48", external_ids=["48_11", "48_12", "48_13"])
    ]


def test_what_a_program_executes_once_more_finishes_once_more() -> None:
    """Two executions within one `with SnakemakeApi`, which number their jobs alike."""
    once = [info(3), record(event="job_finished", job_id=3), record(event="job_finished", job_id=3)]
    assert heard(*once) == [wire.JobFinished(job=3)]
    assert heard(*once, *once) == [wire.JobFinished(job=3)] * 2


@pytest.mark.parametrize("told", [["a.log", "slurm.log"], ["a.log"], ["a.log", None]])
def test_the_executors_log_is_told_apart(told: list[Any]) -> None:
    text = "Job 3 has been submitted with SLURM jobid 4711 (log: slurm.log)."
    error = record(event="job_error", jobid=3, rule_name="r", rule_msg="SLURM status is: 'TIMEOUT'", log=told)
    events = heard(info(3, "a.log"), record(text), error)
    assert events[1] == wire.JobError(
        job=3, rule="r", message="SLURM status is: 'TIMEOUT'", logs=["a.log"], cluster_logs=["slurm.log"]
    )


def test_a_groups_log_belongs_to_each_of_its_jobs() -> None:
    group = record(event="group_info", group_id="g", jobs=[1, 2])
    members = [{"jobid": 1}, {"jobid": 2}]
    events = heard(
        group, info(1, "1.log", indent=True), info(2, indent=True),
        record("Job 04294d9d-dd5d has been submitted with SLURM jobid 48 (log: 48.log)."),
        record(event="group_error", groupid="g", aux_logs=["48.log"], job_error_info=members),
        record(event="job_error", jobid=1, log=["1.log"]), record(event="job_error", jobid=2, log=[]),
    )  # fmt: skip
    assert events[0] == wire.JobSubmitted(jobs=[1, 2], external_id="48", log="48.log")
    message = "Its group of 2 jobs failed; Snakemake does not say by which of them."
    assert events[2:] == [
        wire.JobError(job=1, message=message, logs=["1.log"], cluster_logs=["48.log"]),
        wire.JobError(job=2, message=message, cluster_logs=["48.log"]),
    ]


def test_a_group_of_one_job_leaves_nobody_else_to_blame() -> None:
    failure = record(event="group_error", groupid="g", job_error_info=[{"jobid": 1}])
    assert heard(info(1, indent=True), failure, record(event="job_error", jobid=1))[1:] == [wire.JobError(job=1)]


def test_a_missing_output_has_the_logs_of_its_job() -> None:
    text = "MissingOutputException in rule r in file S, line 1:\nJob 3 completed successfully, but some output files"
    (error,) = heard(info(3, "a.log"), record(text, event="error", exception="WorkflowError"))
    assert isinstance(error, wire.JobError)
    assert (error.job, error.logs, error.missing_outputs) == (3, ["a.log"], True)


def test_what_dies_after_the_interruption_says_so() -> None:
    error = record(event="job_error", jobid=3)
    before, after = heard(error, record("Terminating processes on user request, this might take some time."), error)
    assert isinstance(before, wire.JobError)
    assert isinstance(after, wire.JobError)
    assert (before.interrupted, after.interrupted) == (False, True)


STATE = {"kind": "state", "jobid": 3, "executor": "aws-batch", "phase": "running", "external_jobid": "arn:1"}


@pytest.mark.parametrize(("key", "version"), [("remote_job_state", 2), ("snakesee_remote", 1)])
def test_an_executor_that_tells_states_is_heard(key: str, version: int) -> None:
    told: Any = {**STATE, "schema_version": version, "queued_at": 100, "started_at": 142.5, "region": "eu"}
    assert heard(info(3), info(3), record("Job 3 is running", None, **{key: told})) == [
        wire.RemoteState(
            job=3,
            attempt=2,
            phase="running",
            executor="aws-batch",
            external_id="arn:1",
            queued_at=100.0,
            started_at=142.5,
        )
    ]


@pytest.mark.parametrize(
    "told",
    [
        "text", 7, [], {}, {**STATE, "schema_version": 3}, {**STATE, "schema_version": 2, "phase": "bogus"},
        {**STATE, "schema_version": 2, "jobid": True}, {**STATE, "schema_version": 2, "phase": ["running"]},
    ],
)  # fmt: skip
def test_a_state_that_is_none_is_a_text_only(told: Any) -> None:
    assert heard(record("Job 3 is running", remote_job_state=told)) == []


def test_times_that_are_none_are_left_out() -> None:
    told = {
        **STATE,
        "schema_version": 2,
        "queued_at": "now",
        "started_at": float("nan"),
        "stopped_at": -1,
        "exit_code": "1",
    }
    (event,) = heard(record("x", remote_job_state=told))
    assert event == wire.RemoteState(job=3, phase="running", executor="aws-batch", external_id="arn:1")


def in_thread(made: logging.LogRecord, name: str = "pool-1") -> logging.LogRecord:
    made.threadName = name
    return made


def test_an_error_without_a_job_finds_it_by_rule_and_files() -> None:
    jobs = [record(event="job_info", jobid=n, rule_name="map.x [1]", output=[f"{n}.txt"]) for n in (1, 2)]
    text = 'WorkflowError in rule map.x [1] in file "/w/Snakefile", line 3:\nDetected unexpected empty output files:\n2.txt'
    error = record(text, "error", exception="WorkflowError")
    assert heard(*jobs, error) == [wire.JobError(job=2, rule="map.x [1]", message=text, exception="WorkflowError")]
    (told,) = heard(error)  # no such job is open: it is the run's
    assert isinstance(told, wire.Error)
    error.flowo_jobs = [1]  # what was seen on the stack goes first
    (told,) = heard(*jobs, error)
    assert isinstance(told, wire.JobError)
    assert told.job == 1


def test_a_group_whose_failure_early_versions_only_mention() -> None:
    jobs = [record(event="job_info", jobid=n, rule_name=f"r{n}", shellcmd=f"make {n}.txt") for n in (1, 2)]
    text = "RuleException:\nCommand 'set -e; make 2.txt' returned non-zero exit status 3."
    error = in_thread(record(text, "error", exception="RuleException"))
    mention = in_thread(record("Error in group g"))
    failure = wire.JobError(job=2, rule="r2", message=text, exception="RuleException", exit_code=3)
    assert heard(*jobs, error, mention) == [failure]
    later = [in_thread(record(event="job_error", jobid=n, rule_name=f"r{n}")) for n in (1, 2)]
    assert heard(*jobs, error, mention, *later) == [failure, wire.JobError(job=1, rule="r1")]


def test_a_groups_error_that_names_no_command_is_told_with_each_job() -> None:
    jobs = [record(event="job_info", jobid=n, rule_name="r") for n in (1, 2)]
    error = in_thread(record("RuleException:\nValueError: no", "error", exception="RuleException"))
    members = [{"jobid": 1}, {"jobid": 2}]
    group = in_thread(record("Error in group g", "group_error", groupid="g", job_error_info=members))
    later = [in_thread(record(event="job_error", jobid=n, rule_name="r")) for n in (1, 2)]
    events = heard(*jobs, error, group, *later)
    assert [event.message for event in events if isinstance(event, wire.JobError)] == [error.msg] * 2


@pytest.mark.parametrize(("given", "told"), [(3, 3), ("highest", "highest"), (3.14, "3.14"), (None, None)])
def test_a_priority_is_any_number_or_a_word(given: object, told: int | str | None) -> None:
    (event,) = translate.Translator().translate(info(1, priority=given))
    assert isinstance(event, wire.JobInfo)
    assert event.priority == told
