"""A job, its attempts, and what they left."""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal

from pydantic import ConfigDict, Field

from flowo.runs.reasons import Reason
from flowo.runs.schemas.base import FailureClass, JobStatus, RunStatus, Shape
from flowo.runs.schemas.run import JobCounts


class Job(Shape):
    number: int = Field(description="Snakemake's jobid, unique within the run.")
    rule: str
    status: JobStatus
    wildcards: dict[str, str]
    attempt: int = Field(description="How many times it was tried so far.")
    threads: int | None
    queued_at: dt.datetime | None
    started_at: dt.datetime | None
    ended_at: dt.datetime | None
    group: str | None
    external_id: str | None
    queue_seconds: float | None = Field(
        None, description="How long the last attempt waited elsewhere; null: not known."
    )
    run_seconds: float | None = Field(None, description="How long the last attempt ran; null: not known (yet).")
    reasons: list[Reason] = Field(description="Why Snakemake runs it, as kinds; none until it is handed out.")


class AttemptLog(Shape):
    """The end of a log file, as it was when the attempt's failure was known."""

    path: str | None = None
    tail: str | None = None
    size: int | None = Field(None, description="Bytes of the whole file.")
    note: str | None = Field(None, description="Why there is no tail, or that a retry was faster.")
    cluster: bool = Field(False, description="The executor's log, not one that the rule declares.")


class InputFile(Shape):
    path: str
    exists: bool | None = Field(None, description="Null: not known, or not a plain file.")
    size: int | None = Field(None, description="Bytes.")
    note: str | None = None


class AttemptInputs(Shape):
    """What was there of the inputs when the attempt's failure was known; the first of them, of `total`."""

    files: list[InputFile]
    total: int
    note: str | None = None


class RemoteFacts(Shape):
    """What the executor told of an attempt. Its times are seconds since the epoch by its own clock."""

    executor: str | None = None
    status: str | None = None
    reason: str | None = None
    queue: str | None = None
    queued_at: float | None = None
    started_at: float | None = None
    stopped_at: float | None = None
    exit_code: int | None = None
    category: str | None = None
    confidence: str | None = None


class Attempt(Shape):
    attempt: int
    status: JobStatus
    queued_at: dt.datetime | None
    started_at: dt.datetime | None
    ended_at: dt.datetime | None
    exit_code: int | None
    signal: int | None
    error_class: FailureClass | None = Field(None, alias="class", serialization_alias="class")
    evidence: str | None = Field(None, description="What its class is known by.")
    message: str | None
    log: AttemptLog | None = Field(description="The one of `logs` that is most likely to say why.")
    logs: list[AttemptLog] = []
    inputs: AttemptInputs | None = None
    external_id: str | None
    cluster_log: str | None = Field(None, description="Path of the executor's log, where it was told.")
    resources: dict[str, Any] = {}
    figures: dict[str, float] | None = Field(
        None, description="Of the benchmark file: s, cpu_time in seconds, max_… and io_… in MB, mean_load in percent."
    )
    repeats: list[dict[str, float]] = Field([], description="Each row of a repeated benchmark.")
    queue_seconds: float | None = None
    run_seconds: float | None = None
    timed_by: Literal["local", "events", "executor", "benchmark"] | None = Field(
        None,
        description="What tells queue and run time. By the benchmark, queue time is the rest: with start-up and polls.",
    )
    remote: RemoteFacts | None = None

    model_config = ConfigDict(from_attributes=True, populate_by_name=True)


class JobLink(Shape):
    """A neighbour in the job graph."""

    number: int
    rule: str
    status: JobStatus
    wildcards: dict[str, str]


class Near(Shape):
    """The jobs of one rule that are `step` away in the graph: -2 and -1 are needed, 1 and 2 need it."""

    step: int
    rule: str
    jobs: JobCounts
    links: list[JobLink] = Field(description="The first of them: what went wrong, then by number.")


class FileJob(Shape):
    """A neighbour, and which of the job's files it makes or uses: positions in the list that is spoken of."""

    job: JobLink
    files: list[int]


class FileJobs(Shape):
    """Neighbours by the files that they share with the job. `open`: how many told nothing of theirs, or not all."""

    open: int
    jobs: list[FileJob]
    users: dict[int, int] = Field({}, description="By position, how many jobs use it; the first of them are in `jobs`.")


class Unfinished(Shape):
    """Why a job has no end, or was never started.

    `upstream`: it needs `job`, which did not succeed. `interrupted`: the run was. `stopped`: Snakemake stopped before,
    by the failure of `job` where one failed. `untold`: Snakemake ended without a word of its end. `declared`: a person
    said that the lost run had ended. `dry_run`, `not_needed`: nothing went wrong.
    """

    reason: Literal["upstream", "interrupted", "stopped", "untold", "declared", "dry_run", "not_needed"]
    text: str = Field(description="For people, in one sentence.")
    job: JobLink | None = None


class Environment(Shape):
    conda: str | None = None
    container: str | None = None


class JobDetail(Job):
    now: dt.datetime
    run_status: RunStatus
    inputs: list[str]
    outputs: list[str]
    inputs_total: int
    outputs_total: int
    logs: list[str]
    benchmark: str | None
    resources: dict[str, Any]
    priority: int | str | None
    reason: str | None
    message: str | None = Field(None, description="What the rule has to say of the job.")
    command: str | None
    params: Any | None
    environment: Environment | None
    checkpoint: bool
    depends_on: list[JobLink] = Field(description="The first of them; `near` counts all.")
    dependents: list[JobLink] = Field(description="The first of them; `near` counts all.")
    near: list[Near] | None = Field(None, description="Within two steps in the graph; null: not known.")
    made_by: FileJobs | None = Field(None, description="Of `inputs`; null: the graph is not known.")
    used_by: FileJobs | None = Field(None, description="Of outputs, logs and benchmark, counted through in this order.")
    attempts: list[Attempt]
    unfinished: Unfinished | None = Field(None, description="Why it is aborted or skipped, once its run has ended.")
