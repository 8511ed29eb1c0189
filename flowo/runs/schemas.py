"""What the API says of runs, in JSON: shapes only. Times are RFC 3339 in UTC, durations seconds."""

from __future__ import annotations

import datetime as dt
import enum
import uuid
from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, field_validator

from flowo.runs.reasons import Reason

T = TypeVar("T")


class RunStatus(enum.StrEnum):
    running = "running"
    succeeded = "succeeded"
    failed = "failed"
    interrupted = "interrupted"
    lost = "lost"


class JobStatus(enum.StrEnum):
    planned = "planned"
    queued = "queued"
    running = "running"
    succeeded = "succeeded"
    failed = "failed"
    aborted = "aborted"
    skipped = "skipped"


class FailureClass(enum.StrEnum):
    oom = "oom"
    timeout = "timeout"
    signal = "signal"
    missing_output = "missing_output"
    nonzero_exit = "nonzero_exit"
    exception = "exception"
    cancelled = "cancelled"
    unknown = "unknown"


class Shape(BaseModel):
    model_config = ConfigDict(from_attributes=True, extra="forbid")


class Page(Shape, Generic[T]):
    """One page of a list; `next` is the cursor of the page after it, null on the last."""

    items: list[T]
    next: str | None = None


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


class RuleSource(Shape):
    """A piece of what a rule is made of. `sha256`: of the whole file as it was; `text` may be cut, and is masked."""

    role: str = Field(description="rule, base (what it is made from), script, notebook, wrapper, template, cwl, conda.")
    path: str | None = None
    line: int | None = Field(None, description="The first line, counted from 1.")
    text: str | None = None
    sha256: str | None = None
    note: str | None = Field(None, description="Why there is no text, or not all of it.")


class RuleDetail(Shape):
    """What a rule is made of, as written; empty where it was not recorded."""

    rule: str
    directive: str | None = Field(description="shell, run, script, notebook, wrapper, cwl, template_engine.")
    sources: list[RuleSource]
    command: str | None = Field(description="The shell command as written, where the code itself could not be read.")
    conda: str | None = Field(description="A named environment; one from a file is among the sources.")
    container: str | None
    modules: list[str]


class RuleNode(Shape):
    rule: str
    jobs: JobCounts
    mean_seconds: float | None


class RuleFigures(Shape):
    """What the jobs of one rule took, and why they ran."""

    rule: str
    median_seconds: float | None = Field(description="Of the rule's jobs that succeeded in this run.")
    reasons: dict[Reason, int] = Field(description="Jobs for each kind of reason; a job may have several.")


class Figures(Shape):
    """Of all rules with jobs that began, or whose reason is known."""

    jobs: int = Field(description="Jobs whose reason is known.")
    reasons: dict[Reason, int] = Field(description="As for a rule, over the run; the most frequent first.")
    rules: list[RuleFigures]


class RuleUsage(Shape):
    """What the jobs of one rule that succeeded took and used, beside what they asked for."""

    rule: str
    timed: int = Field(description="Jobs whose run time is known.")
    median_seconds: float | None
    p95_seconds: float | None
    max_seconds: float | None
    total_seconds: float
    threads: int | None = Field(description="Asked for, at most.")
    mem_mb: float | None = Field(description="Asked for, at most, in MB.")
    runtime_minutes: float | None = Field(description="Asked for, at most.")
    weighed: int = Field(description="Jobs whose memory a benchmark told.")
    p95_rss_mb: float | None = Field(description="In MiB, as benchmarks have it.")
    max_rss_mb: float | None
    loaded: int = Field(description="Jobs whose load a benchmark told.")
    median_load: float | None = Field(description="Percent of one core.")


class Usage(Shape):
    """Of all rules of which a job succeeded, that which took most of the run first."""

    rules: list[RuleUsage]


class RuleLink(Shape):
    source: str
    target: str


class RuleGraph(Shape):
    """The rules of the workflow. A rule without jobs in this run has counts of zero."""

    nodes: list[RuleNode]
    links: list[RuleLink]


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


class LogLine(Shape):
    seq: int
    at: dt.datetime
    level: Literal["debug", "info", "warning", "error"]
    text: str
    job: int | None = None


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


class RunMessage(Shape):
    """SSE event `run`: what changed in one run up to `revision`. `resync` names what must be asked for again."""

    topic: str
    revision: int
    now: dt.datetime
    run: Run | None
    rules: list[RuleCounts]
    jobs: list[Job]
    resync: list[Literal["jobs", "graph", "run"]]
    deleted: bool = False


class RunsMessage(Shape):
    """SSE event `runs`: which runs of the caller's workspaces changed, or `resync`: list them again."""

    topic: Literal["runs"] = "runs"
    now: dt.datetime
    runs: list[Run]
    deleted: list[uuid.UUID]
    resync: bool


class Hello(Shape):
    """SSE event `hello`: the first message of each stream."""

    now: dt.datetime
    version: str


LogState = Literal["live", "asked", "silent", "missing", "refused", "kept", "over"]


class LogRead(Shape):
    """A part of a job's log file. `start` and `stop` count bytes of the file; `text` is what is between them."""

    state: LogState = Field(
        description="live: read now, by the run's Snakemake; asked: no answer yet; silent: no answer, so that nobody "
        "can read it now; missing: there is no such file; refused: not read, `note` says why; kept: the copy that was "
        "taken when the attempt failed; over: Snakemake has ended, and what is here was read before, if anything."
    )
    generation: int = Field(0, description="Another one: what was held before is of another file or too old.")
    anew: bool = Field(True, description="`text` replaces what was told before; else it follows it.")
    start: int = 0
    stop: int = 0
    text: str = ""
    size: int | None = Field(None, description="Bytes of the whole file when it was read.")
    note: str | None = None
    read_at: dt.datetime | None = None
    now: dt.datetime


class LogText(LogRead):
    """The end of one of a job's log files, as it can be had now."""

    path: str
    attempt: int


class LogMessage(LogRead):
    """SSE event `log`: what was read of a log since. Whoever holds less than `start`, or another generation, asks for
    what is missing."""

    topic: str


class Resync(Shape):
    """SSE event `resync`: this stream was read too slowly; ask for all of `topic` again."""

    topic: str
    now: dt.datetime


class Bye(Shape):
    """SSE event `bye`: the stream ends now; come back (`again`) or sign in first."""

    again: bool
    reason: str


class TagCount(Shape):
    tag: str
    runs: int


class Facets(Shape):
    """What the filters of the run list offer."""

    total: int
    status: dict[RunStatus, int]
    tags: list[TagCount]


class Count(Shape):
    count: int
    rules: dict[str, int] = Field({}, description="How many of them each rule has; rules without any are left out.")


class Marks(Shape):
    """Where the pages of a list begin: the i-th cursor is that of the page after `step` × (i + 1) rows."""

    step: int
    cursors: list[str]


class Neighbours(Shape):
    """Numbers of the jobs before and after one in a list; null at its ends."""

    before: int | None
    next: int | None


class WildcardValue(Shape):
    name: str
    value: str


class WildcardValues(Shape):
    items: list[WildcardValue]
