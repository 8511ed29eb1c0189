"""All jobs of a run in one answer, as columns."""

from __future__ import annotations

import datetime as dt

from pydantic import Field

from flowo.runs.schemas.base import JobStatus, Shape


class Graph(Shape):
    """All jobs of the plan. The lists run side by side: the i-th entries tell of one job.

    `rule` holds indices into `rules`; `edges` is flat: pairs of positions (from, to), the second needs the first.
    """

    generation: int
    rules: list[str]
    number: list[int]
    rule: list[int]
    status: list[JobStatus]
    edges: list[int]


class Spans(Shape):
    """Every attempt of a run, by number. The lists run side by side: the i-th entries tell of one attempt.

    `rule` and `status` hold indices into `rules` (as jobs flow through them) and `statuses`. Moments are milliseconds
    since `base`, by the run's own clock; null: not known, or not yet. A list is empty where nothing of it is known.
    """

    base: dt.datetime
    rules: list[str]
    statuses: list[JobStatus]
    number: list[int] = []
    attempt: list[int] = []
    rule: list[int] = []
    status: list[int] = []
    queued: list[int | None] = []
    started: list[int | None] = []
    ended: list[int | None] = []
    queue: list[int | None] = Field([], description="Milliseconds that it waited, where an executor or benchmark told.")
    run: list[int | None] = Field([], description="Milliseconds that it ran, where an executor or benchmark told.")
    threads: list[int | None] = []
    mem_mb: list[float | None] = Field([], description="Memory asked for.")
    max_rss_mb: list[float | None] = Field([], description="Memory used, by the benchmark.")
    mean_load: list[float | None] = Field([], description="Percent of one core, by the benchmark.")
    again: list[int] = Field([], description="Not a column: jobs whose last attempt failed and that wait for another.")


class Matches(Shape):
    """The jobs that a filter leaves. `ranges` is flat: pairs of numbers (first, last), both among them, ascending."""

    count: int
    ranges: list[int]


class JobValues(Shape):
    """Which value of a wildcard each job has. `number` and `value` (an index into `values`) run side by side."""

    wildcard: str
    values: list[str]
    number: list[int]
    value: list[int]


class Grid(Shape):
    """The values of one wildcard (rows) against the rules (columns, as jobs flow through them)."""

    wildcard: str | None = Field(description="What the rows are of; null where no job has a wildcard.")
    wildcards: list[str] = Field(description="The names that there are, those of most rules first.")
    rules: list[str]
    values: list[str | None] = Field(description="The rows; null, the last one, is for jobs without the wildcard.")
    total: int = Field(description="How many values there are, also where not all of them are told.")
    statuses: list[JobStatus] = Field([], description="What the status of a cell is an index into.")
    cells: list[tuple[int, int, int, int, int]] = Field(
        [], description="Each: row, rule and status as indices, the number of jobs, and the lowest of their numbers."
    )
