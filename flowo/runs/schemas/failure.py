"""Failures, those that are alike, and how to run again what failed."""

from __future__ import annotations

import datetime as dt
import uuid

from pydantic import ConfigDict, Field

from flowo.runs.schemas.base import FailureClass, JobStatus, Shape
from flowo.runs.schemas.job import AttemptInputs, AttemptLog
from flowo.runs.schemas.run import FirstFailure


class Failure(FirstFailure):
    """A failure in a list: the tails are short here, and whole with the job's attempts."""

    job_status: JobStatus | None = None
    log: AttemptLog | None = None
    tails: list[AttemptLog] = []
    inputs: AttemptInputs | None = None
    logs: list[str] = []
    command: str | None = None
    attempts: int | None = None


class AlikeJob(Shape):
    number: int
    wildcards: dict[str, str]


class SeenIn(Shape):
    """An earlier run of the same workflow in which the same failed."""

    id: uuid.UUID
    name: str
    started_at: dt.datetime | None
    clock_offset: float = Field(description="Seconds to add to its times to have them by the server's clock.")
    count: int = Field(description="How many of its jobs failed so.")


class Alike(Shape):
    """Failures of one run with the same signature: rule, class, and the telling line without what differs by accident
    (numbers, paths, values of wildcards). What is told beside the count is that of the first of them."""

    signature: str
    count: int
    rule: str | None
    error_class: FailureClass | None = Field(None, alias="class", serialization_alias="class")
    evidence: str | None
    exit_code: int | None
    signal: int | None
    line: str = Field(description="The line that tells why, from the job's log or Snakemake's message.")
    last_line: str | None = Field(description="What the job's log says last, where nothing in it tells why.")
    first_at: dt.datetime | None
    last_at: dt.datetime | None
    jobs: list[AlikeJob] = Field(description="The first of them.")
    seen: list[SeenIn] = Field(description="The latest earlier runs of the workflow in which it was seen.")
    seen_total: int = Field(description="Of the latest 50 earlier runs of the workflow, in how many.")

    model_config = ConfigDict(from_attributes=True, populate_by_name=True)


class Rerun(Shape):
    """How to run again only what failed."""

    command: str | None = Field(description="For a shell; null where no job failed or the command is not known.")
    jobs: int = Field(description="That failed.")
    whole_rules: bool = Field(description="Too many to name: all that is missing of their rules is run.")
    masked: bool = Field(description="Secrets of the command are masked, and have to be put back.")
