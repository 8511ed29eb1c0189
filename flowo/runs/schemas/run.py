"""A run: in the list, on its own page, among its siblings."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from flowo.runs.schemas.base import FailureClass, RunStatus, Shape


class JobCounts(Shape):
    total: int = Field(0, description="The sum of the others.")
    planned: int = 0
    queued: int = 0
    running: int = 0
    succeeded: int = 0
    failed: int = 0
    aborted: int = 0
    skipped: int = 0


class Eta(Shape):
    """A range for the time that is left, in seconds."""

    low: float
    high: float
    rough: bool = Field(False, description="Few durations stand behind it.")


class Waiting(Shape):
    """Why jobs of a running run wait, as far as is known.

    `unheard`: nothing is heard of it since. `cluster`: its jobs are submitted, the first since then, and none is known
    to run. `cores`: what is planned needs more cores than are free. `quiet`: Snakemake lives, and tells nothing since.
    """

    reason: Literal["unheard", "cluster", "cores", "quiet"]
    jobs: int = Field(description="That wait.")
    since: dt.datetime | None = Field(None, description="By the server's clock.")
    cores: int | None = None
    busy: int | None = Field(None, description="Cores in use by jobs of the run.")
    said: str | None = Field(None, description="With `quiet`: what Snakemake's log said last.")


class FirstFailure(Shape):
    """The earliest failure that still stands. `number` and `rule` are null where the run failed beside any job."""

    number: int | None = None
    rule: str | None = None
    wildcards: dict[str, str] = {}
    attempt: int | None = None
    exit_code: int | None = None
    signal: int | None = None
    error_class: FailureClass | None = Field(None, alias="class", serialization_alias="class")
    evidence: str | None = Field(None, description="What its class is known by.")
    message: str | None = None
    at: dt.datetime | None = None

    model_config = ConfigDict(from_attributes=True, populate_by_name=True)


class Run(Shape):
    """One invocation of Snakemake."""

    id: uuid.UUID
    name: str
    status: RunStatus
    tags: list[str]
    note: str
    workflow: str = Field(description="The Snakefile's path, or the directory while it is not known.")
    workspace: str = Field(description="The workspace's slug.")
    host: str
    user: str
    started_at: dt.datetime | None
    ended_at: dt.datetime | None
    last_heard_at: dt.datetime | None
    lost_since: dt.datetime | None
    dry_run: bool
    imported: bool
    jobs: JobCounts
    progress: float = Field(ge=0, le=1, description="Jobs that succeeded, of all that this invocation is to do.")
    eta: Eta | None
    first_failure: FirstFailure | None
    clock_offset: float = Field(description="Seconds to add to the run's own times to have them by the server's clock.")
    revision: int = Field(description="Raised with each change that the stream tells.")


class RuleCounts(Shape):
    """How the jobs of one rule stand, and how long they took."""

    rule: str
    jobs: JobCounts
    mean_seconds: float | None = Field(None, description="Mean duration of the rule's jobs that succeeded in this run.")


class Git(Shape):
    remote: str | None = None
    commit: str | None = None
    branch: str | None = None
    dirty: bool | None = None


class RunDetail(Run):
    """A run with all that is known beside its jobs. `now` is the server's clock, from which pages count."""

    now: dt.datetime
    directory: str
    snakefile: str | None
    command: list[str]
    executor: str | None
    cores: int | None
    snakemake_version: str | None
    python_version: str | None
    plugin_version: str | None
    platform: str | None
    scheduler_id: str | None
    configfiles: list[str]
    config_md5: str | None
    profiles: list[str] = Field(description="The profiles that set Snakemake's options, as files.")
    file_hashes: dict[str, str] = Field(description="SHA-256 of config files and profiles, by path, as they were read.")
    config: Any | None = Field(description="The workflow's configuration, secrets masked; null where not recorded.")
    config_cut: bool = Field(description="Something of the configuration was left out for its size.")
    git: Git | None
    message: str | None = Field(description="What Snakemake said last when it failed beside any job, else null.")
    rules: list[RuleCounts]
    wildcards: list[str] = Field(description="The names of all wildcards that its jobs have, most used first.")
    events: int = Field(description="Events heard.")
    last_event_at: dt.datetime | None = Field(
        description="When the last event was heard, by the server's clock; `last_heard_at` counts heartbeats too."
    )
    gaps: int = Field(description="Events known to be lost.")
    skipped_events: int = Field(description="Events kept but not understood.")
    waiting: Waiting | None = Field(None, description="Why jobs wait, where they do and it is known.")
    may_edit: bool


class Sibling(Shape):
    """Another run of the same workflow, or the run itself."""

    id: uuid.UUID
    name: str
    status: RunStatus
    started_at: dt.datetime | None
    ended_at: dt.datetime | None
    clock_offset: float = Field(description="Seconds to add to its times to have them by the server's clock.")
    seconds: float | None = Field(description="How long it took, or has taken until it was last heard of.")
    jobs: JobCounts


class Siblings(Shape):
    """Runs of one workflow in one workspace around a given one, itself included, oldest first; dry runs left out."""

    items: list[Sibling]
    previous: uuid.UUID | None
    next: uuid.UUID | None


class RunPatch(BaseModel):
    """What people may change; a field that is left out stays."""

    model_config = ConfigDict(extra="forbid")
    name: str | None = Field(None, min_length=1, max_length=200)
    tags: list[str] | None = Field(None, max_length=50)
    note: str | None = Field(None, max_length=20_000)

    @field_validator("name", "tags", "note")
    @classmethod
    def _storable(cls, given: str | list[str] | None) -> str | list[str] | None:
        """PostgreSQL takes no NUL, and UTF-8 no lone surrogate."""
        for text in [given] if isinstance(given, str) else given or []:
            if "\0" in text or any("\ud800" <= char <= "\udfff" for char in text):
                raise ValueError("no text that can be kept: it holds a NUL or half of a character")
        return given


class TagCount(Shape):
    tag: str
    runs: int


class Facets(Shape):
    """What the filters of the run list offer."""

    total: int
    status: dict[RunStatus, int]
    tags: list[TagCount]
