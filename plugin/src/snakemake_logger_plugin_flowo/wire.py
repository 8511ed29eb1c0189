"""The wire: what the plugin writes to its spool and posts to a server, as frozen classes of the standard library alone.

A batch is NDJSON (one event a line, UTF-8, at most `BATCH_EVENTS` lines, gzip or zlib by `Content-Encoding`), posted
to `/api/ingest/v1/runs/{run_id}/events`. Each line is an object with

- `seq`: int, from 1 without gaps within a run, given when the event is appended to the spool;
- `at`: float, seconds since the epoch by the plugin's clock (the LogRecord's `created` where there is one);
- `kind`: str, a key of `KINDS`; then the fields of that dataclass. A field that equals its default may be left out.

The wire is additive within version 1: a reader ignores fields and keeps events that it does not know.
Words for what Snakemake says are Snakemake's own, but for ids: a job is always `job`, its id within the run.
"""

from __future__ import annotations

import dataclasses
import json
import typing
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Self

WIRE_VERSION = 1
BATCH_EVENTS = 1_000  # events in one POST at most
NO_JOB = -1  # no job has it: what equals its default is left out, and job 0 must not be
PLAN_JOBS = 1_000  # jobs in one `plan` part at most
SENT_AT_HEADER = "Flowo-Sent-At"  # float seconds since the epoch by the sender's clock: the offset of both clocks
WIRE_HEADER = "Flowo-Wire"
WRITER_HEADER = "Flowo-Writer"  # "gone": nobody adds to this record any more, whether it tells of an end or not


@typing.dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(dataclasses.field,))
class Event:
    """What happened, as heard. Subclasses give the fields; `kind` is the word on the wire.

    A dataclass to type checkers and in use, but not made by `dataclasses.dataclass`, which compiles methods for each;
    that took half of what the plugin may add to Snakemake's start.
    """

    kind: ClassVar[str] = ""
    defaults: ClassVar[dict[str, Any]] = {}  # of all fields, in their order
    _made: ClassVar[dict[str, Callable[[], Any]]] = {}  # fields whose default is made anew

    def __init_subclass__(cls) -> None:
        cls.defaults, cls._made = {}, {}
        for name in cls.__annotations__:
            if name == "kind":
                continue
            default = cls.__dict__[name]
            if isinstance(default, dataclasses.Field):
                factory = default.default_factory
                assert not isinstance(factory, dataclasses._MISSING_TYPE)
                cls._made[name] = factory
                default = factory()
                delattr(cls, name)
            cls.defaults[name] = default

    def __init__(self, **values: Any) -> None:
        state = self.__dict__
        state.update(self.defaults)
        state.update(values)
        for name, factory in self._made.items():
            if name not in values:
                state[name] = factory()
        if len(state) != len(self.defaults):
            raise TypeError(f"{self.kind} has no field {', '.join(sorted(state.keys() - self.defaults.keys()))}")

    def replace(self, **changes: Any) -> Self:
        """A copy with some fields changed."""
        return type(self)(**{**self.__dict__, **changes})

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"an event is not changed: {name}")

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other.__dict__ == self.__dict__

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        told = ", ".join(f"{name}={value!r}" for name, value in self.__dict__.items() if value != self.defaults[name])
        return f"{type(self).__name__}({told})"


class RunOpened(Event):
    """Always the first event (seq 1): what the plugin knows before Snakemake has said anything."""

    kind: ClassVar[str] = "run_opened"
    wire: int = WIRE_VERSION
    plugin_version: str = ""
    name: str | None = None  # as asked for by --logger-flowo-name
    tags: list[str] = dataclasses.field(default_factory=list)
    workspace: str | None = None
    host: str = ""
    user: str = ""
    pid: int = 0
    boot_id: str | None = None
    directory: str = ""  # where Snakemake was started
    command: list[str] = dataclasses.field(default_factory=list)  # argv, secrets masked
    dry_run: bool = False
    touch: bool = False
    snakemake_version: str | None = None
    python_version: str | None = None
    platform: str | None = None
    scheduler_id: str | None = None  # SLURM_JOB_ID of Snakemake's own job
    heartbeat_s: float = 15.0
    imported: bool = False
    profiles: list[str] = dataclasses.field(default_factory=list)  # files that set Snakemake's options, in their order


class WorkflowStarted(Event):
    kind: ClassVar[str] = "workflow_started"
    workflow_id: str | None = None  # Snakemake's own, fresh at each invocation
    snakefile: str | None = None
    directory: str | None = None
    snakemake_version: str | None = None
    python_version: str | None = None
    platform: str | None = None
    host: str | None = None
    user: str | None = None
    configfiles: list[str] = dataclasses.field(default_factory=list)
    config_md5: str | None = None


class Provenance(Event):
    """What the bounded worker found out beside the events."""

    kind: ClassVar[str] = "provenance"
    git_remote: str | None = None
    git_commit: str | None = None
    git_branch: str | None = None
    git_dirty: bool | None = None
    hashes: dict[str, str] = dataclasses.field(default_factory=dict)  # config file or profile → SHA-256, hexadecimal


class Config(Event):
    """The workflow's configuration, all its sources merged, secrets masked; `config` is null where not recorded."""

    kind: ClassVar[str] = "config"
    files: list[str] = dataclasses.field(default_factory=list)
    config: Any = None
    cut: bool = False  # something was left out for its size


class Source(Event):
    """A file that rules are made of (script, notebook, environment), once in a run."""

    kind: ClassVar[str] = "source"
    hash: str = ""  # SHA-256 of the file, hexadecimal; of the file as it was, `text` may be cut and is masked
    text: str = ""
    size: int | None = None


class Rule(Event):
    """What a rule is made of, as written.

    `sources`: objects `{"role": str, "path": str, "line": int, "text": str, "hash": str, "note": str}`; the role is
    `rule` (its own statement), `base` (what that is made from), `script`, `notebook`, `wrapper`, `template`, `cwl` or
    `conda`; a code has its text here, a file its hash (a `source` event came before).
    """

    kind: ClassVar[str] = "rule"
    rule: str = ""
    directive: str | None = None  # shell, run, script, notebook, wrapper, cwl, template_engine; null: it only collects
    sources: list[dict[str, Any]] = dataclasses.field(default_factory=list)
    shellcmd: str | None = None  # where the code could not be read
    conda: str | None = None  # a named environment
    container: str | None = None
    modules: list[str] = dataclasses.field(default_factory=list)  # environment modules


class RuleGraph(Event):
    """The graph of the rules of the whole workflow. `links`: pairs (source, target) of indices into `nodes`."""

    kind: ClassVar[str] = "rulegraph"
    nodes: list[str] = dataclasses.field(default_factory=list)
    links: list[list[int]] = dataclasses.field(default_factory=list)


class ResourcesInfo(Event):
    kind: ClassVar[str] = "resources_info"
    cores: int | None = None
    nodes: int | None = None
    provided: dict[str, Any] | None = None


class RunInfo(Event):
    """How many jobs of each rule this invocation needs, without Snakemake's own key `total`."""

    kind: ClassVar[str] = "run_info"
    stats: dict[str, int] = dataclasses.field(default_factory=dict)


class Plan(Event):
    """A part (`part` of `parts`, from 1) of the jobs that this invocation is to run; the last whole generation holds.

    `jobs`: objects `{"job": int, "rule": str, "wildcards": {name: value}, "needs": [job ids in the plan],
    "threads": int, "group": str, "params": …, "conda": str, "container": str}`; only `job` and `rule` are always there.
    """

    kind: ClassVar[str] = "plan"
    generation: int = 1
    part: int = 1
    parts: int = 1
    executor: str | None = None
    jobs: list[dict[str, Any]] = dataclasses.field(default_factory=list)


class JobStarted(Event):
    """Selected by the scheduler; says nothing of running."""

    kind: ClassVar[str] = "job_started"
    jobs: list[int] = dataclasses.field(default_factory=list)
    groups: list[str] = dataclasses.field(default_factory=list)


class GroupInfo(Event):
    kind: ClassVar[str] = "group_info"
    group: str = ""
    jobs: list[int] = dataclasses.field(default_factory=list)


class JobInfo(Event):
    """A job was handed to the executor: a new attempt. `local`: runs in or beside Snakemake itself, so it runs now."""

    kind: ClassVar[str] = "job_info"
    job: int = NO_JOB
    rule: str = ""
    local: bool = True
    message: str | None = None
    inputs: list[str] = dataclasses.field(default_factory=list)
    outputs: list[str] = dataclasses.field(default_factory=list)
    logs: list[str] = dataclasses.field(default_factory=list)
    inputs_total: int | None = None  # when `inputs` was cut
    outputs_total: int | None = None
    benchmark: str | None = None
    wildcards: dict[str, str] = dataclasses.field(default_factory=dict)
    reason: str | None = None
    resources: dict[str, Any] = dataclasses.field(default_factory=dict)
    priority: int | str | None = None
    threads: int | None = None
    checkpoint: bool = False
    command: str | None = None
    params: Any = None  # where the plan could not know them yet


class JobSubmitted(Event):
    """The executor's own words, read from a text record: these jobs got an external id (Slurm job id or the like)."""

    kind: ClassVar[str] = "job_submitted"
    jobs: list[int] = dataclasses.field(default_factory=list)
    external_id: str = ""
    log: str | None = None  # the executor's log file
    external_ids: list[str] = dataclasses.field(default_factory=list)  # of an array: each job's own, in their order


class JobRunning(Event):
    """Evidence that a submitted job runs now."""

    kind: ClassVar[str] = "job_running"
    job: int = NO_JOB
    evidence: str = ""


class JobFinished(Event):
    """`evidence`: `event` (Snakemake said so), `observed` (seen in its job graph; `--quiet` hides the event), or
    `run_succeeded` (nothing was seen of its end, and the whole run succeeded; `at` does not tell when it ended)."""

    kind: ClassVar[str] = "job_finished"
    job: int = NO_JOB
    evidence: str = "event"


class JobRestarting(Event):
    """Snakemake will try the job again."""

    kind: ClassVar[str] = "job_restarting"
    job: int = NO_JOB


class JobError(Event):
    """An attempt failed. `message`: the error text that came with it (the same thread's `error` record, if any)."""

    kind: ClassVar[str] = "job_error"
    job: int = NO_JOB
    rule: str | None = None
    message: str | None = None
    exception: str | None = None
    exit_code: int | None = None
    signal: int | None = None
    external_id: str | None = None
    logs: list[str] = dataclasses.field(default_factory=list)  # as declared by the rule
    missing_outputs: bool = False
    cluster_logs: list[str] = dataclasses.field(default_factory=list)  # the executor's
    interrupted: bool = False  # Snakemake had been told to stop before


class GroupError(Event):
    kind: ClassVar[str] = "group_error"
    group: str = ""
    jobs: list[int] = dataclasses.field(default_factory=list)
    external_id: str | None = None


class GroupMember(Event):
    """What the log of a failed group's cluster job tells of one of its jobs, after the `job_error` of each."""

    kind: ClassVar[str] = "group_member"
    job: int = NO_JOB
    attempt: int = 1
    outcome: str = "failed"  # it is to blame; or: finished, not_started
    message: str | None = None  # its own error; of the others, who is to blame and what was of them
    exception: str | None = None
    exit_code: int | None = None
    signal: int | None = None
    group_at: float | None = None  # when it was said that the group failed, of who is to blame


class Error(Event):
    """An exception that Snakemake printed; `job` is never given (a job's own goes into `JobError`)."""

    kind: ClassVar[str] = "error"
    exception: str | None = None
    message: str = ""


class Log(Event):
    """A line or block of Snakemake's own log that has no event of its own."""

    kind: ClassVar[str] = "log"
    level: str = "INFO"
    text: str = ""


class LogSnapshot(Event):
    """The tail of one of a job's log files, copied as soon as its failure was known."""

    kind: ClassVar[str] = "log_snapshot"
    job: int = NO_JOB
    attempt: int = 1
    path: str = ""
    tail: str = ""
    size: int | None = None  # bytes of the whole file
    note: str | None = None  # why there is none, or that a retry may have been faster
    cluster: bool = False  # the executor's log, not one of the rule's


class InputSnapshot(Event):
    """What was there of a failed job's inputs. `files`: objects `{"path": str}` with `"size": int` (bytes), or
    `"missing": true`, or `"note": str` where a size says nothing (a directory, a pipe) or could not be had."""

    kind: ClassVar[str] = "input_snapshot"
    job: int = NO_JOB
    attempt: int = 1
    files: list[dict[str, Any]] = dataclasses.field(default_factory=list)
    total: int | None = None  # when not all were looked at
    note: str | None = None


class JobFigures(Event):
    """What a finished attempt's benchmark file says. `rows`: numbers by column, one row for each `repeat()`."""

    kind: ClassVar[str] = "job_figures"
    job: int = NO_JOB
    attempt: int = 1
    path: str = ""
    rows: list[dict[str, float]] = dataclasses.field(default_factory=list)
    note: str | None = None  # why there are none


class RemoteState(Event):
    """An executor's structured word on a job, as some attach it to a log record (`remote_job_state`).

    The `…_at` are seconds since the epoch by the clock of whoever runs the job, not the plugin's.
    """

    kind: ClassVar[str] = "remote_state"
    job: int = NO_JOB
    attempt: int = 1
    phase: str = ""  # queued, running, succeeded, failed
    executor: str = ""
    external_id: str | None = None
    status: str | None = None  # in the executor's own words
    reason: str | None = None
    queue: str | None = None
    queued_at: float | None = None
    started_at: float | None = None
    stopped_at: float | None = None
    exit_code: int | None = None
    category: str | None = None  # why it ended: oom, timeout, cancelled, spot, node_failure, …
    confidence: str | None = None  # of `category`: high or low


class Gap(Event):
    """`count` events were lost before they could be spooled, or are gone from the spool."""

    kind: ClassVar[str] = "gap"
    count: int = 0
    reason: str = ""


class RunEnded(Event):
    """How Snakemake ended, with the evidence; `outcome`: `succeeded`, `failed` or `interrupted`."""

    kind: ClassVar[str] = "run_ended"
    outcome: str = "succeeded"
    exception: str | None = None
    message: str | None = None  # of the last error, when it failed before or beside any job


KINDS: dict[str, type[Event]] = {
    cls.kind: cls
    for cls in (
        RunOpened, WorkflowStarted, Provenance, RuleGraph, ResourcesInfo, RunInfo, Plan, JobStarted, GroupInfo, JobInfo,
        JobSubmitted, JobRunning, JobFinished, JobRestarting, JobError, GroupError, Error, Log, LogSnapshot, Gap,
        RunEnded, InputSnapshot, JobFigures, RemoteState, Config, Source, Rule, GroupMember,
    )
}  # fmt: skip


def _encoder() -> Callable[[Any], str]:
    """Writes JSON. `json.dumps` and `JSONEncoder.encode` make a C encoder a call, which is a third of what a small
    event costs; so it is made once, where this Python has it as we know it."""
    ordinary = json.JSONEncoder(separators=(",", ":"), default=str, allow_nan=False, check_circular=False).encode
    try:
        make: Any = vars(json.encoder)["c_make_encoder"]
        chunks = make(None, str, json.encoder.encode_basestring_ascii, None, ":", ",", False, False, False)
        told = {"é": [1, 0.5, None, True, {"a": "\ud800"}], "b": json}
        if "".join(chunks(told, 0)) == ordinary(told):
            return lambda value: "".join(chunks(value, 0))
    except Exception:  # another Python's: its own way then
        return ordinary
    return ordinary


_to_json = _encoder()


def encode(event: Event, *, seq: int, at: float) -> bytes:
    """One line of a batch, newline included, ASCII only (so lone surrogates survive as escapes)."""
    return numbered(unnumbered(event, at), seq).encode()


def unnumbered(event: Event, at: float) -> str:
    """The line of an event that has no number yet."""
    defaults = event.defaults
    return told(event.kind, {name: value for name, value in event.__dict__.items() if value != defaults[name]}, at)


def told(kind: str, fields: dict[str, Any], at: float) -> str:
    """As `unnumbered`, by the fields that do not equal their defaults."""
    line = {"at": at, "kind": kind, **fields}
    try:
        return _to_json(line)
    except (ValueError, TypeError, RecursionError):  # NaN, keys that are no strings, nesting without end
        return _to_json(_tame(line))


def numbered(line: str, seq: int) -> str:
    """The line as it is written, newline included."""
    return f'{{"seq":{seq},{line[1:]}\n'


def _tame(value: Any, depth: int = 0) -> Any:
    """The value with all that JSON cannot say made text."""
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return value if abs(value) < float("inf") else str(value)  # false for NaN as well
    if depth > 20:  # deeper than anything of ours, and far below Python's own limit
        return "…"
    if isinstance(value, Mapping):
        return {str(key): _tame(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_tame(item, depth + 1) for item in value]
    return str(value)


def decode(line: Mapping[str, Any]) -> Event | None:
    """The event of a decoded line, or None for a kind that this version does not know. Types are not checked."""
    cls = KINDS.get(line.get("kind", ""))
    if cls is None:
        return None
    event = cls.__new__(cls)  # past __init__: a server does this for every event that it hears
    state = event.__dict__
    state.update(cls.defaults)
    for name, factory in cls._made.items():
        state[name] = factory()
    for name, value in line.items():
        if name in state:
            state[name] = value
    return event
