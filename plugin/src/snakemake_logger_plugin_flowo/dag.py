"""Reads the running workflow's job graph for the plan; private objects of Snakemake, so every look is guarded.

A logging filter runs synchronously in the thread that logs: there the graph stands still, and a walk up the stack finds
the workflow. Job ids here are those of the events (`dag.jobid(job)`).
"""

from __future__ import annotations

import collections
import logging
import os
import sys
import time
from collections.abc import Collection, Iterator
from typing import Any, NamedTuple

from snakemake_logger_plugin_flowo import wire
from snakemake_logger_plugin_flowo.translate import SPOILT

LOGGER = "snakemake.logging"  # since 9.0.0
_FRAMES = 30  # run_info is logged 5 to 8 calls below the workflow's method
_CHECKPOINT = "Updating checkpoint dependencies."  # logged before the graph changes
_FAULTS = 3  # failed looks after which it is given up
_VALUE_KEPT = 2_000  # characters of one parameter
_ITEMS_KEPT = 100


class Row(NamedTuple):
    """A job as copied in Snakemake's thread; what it refers to is replaced by Snakemake, not changed."""

    job: int
    rule: str
    wildcards: Any
    needs: list[int]
    params: Any


class Snapshot(NamedTuple):
    generation: int
    at: float  # the time of the record that it was taken at
    executor: str | None
    rows: list[Row]
    rules: dict[str, tuple[str | None, str | None, str | None]]  # group, conda, container


class Watch(logging.Filter):
    """Looks at each record in the thread it comes from, and lets every one pass."""

    def __init__(self, *, plan: bool = True, quiet: bool = False, dry_run: bool = False) -> None:
        super().__init__()
        self.snapshots: collections.deque[Snapshot] = collections.deque()
        self.generation = 0
        self.planned = 0  # jobs in the last snapshot
        self.faults = 0
        self.spent = 0.0  # s of Snakemake's thread for the last snapshot
        self._plan = plan
        self._quiet = quiet  # JOB_FINISHED is not sent: watch the graph instead
        self._dry_run = dry_run
        self._workflow: Any = None
        self._dirty = False
        self._size = -1
        self._jobs: dict[int, Any] = {}
        self._looked: tuple[int, int] = (0, 0)

    def install(self) -> None:
        logging.getLogger(LOGGER).addFilter(self)

    def remove(self) -> None:
        logging.getLogger(LOGGER).removeFilter(self)
        self._workflow = None
        self._jobs = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if self.faults < _FAULTS:
            try:
                self._look(record)
            except Exception:
                self.faults += 1
        return True

    def _look(self, record: logging.LogRecord) -> None:
        event = getattr(record, "event", None)
        if event is None:
            if record.msg == _CHECKPOINT:
                self._dirty = True
        elif event == "run_info":
            if self.generation and (self._dry_run or self._workflow is None):
                return  # a dry run says it again when all is done
            found = _workflow()
            if self._workflow is None:
                self._workflow = found
            if found is not None and found is self._workflow:  # not that of a later run in the same process
                self._take(record.created)
        elif event == "error":
            if jobs := _postprocessed():
                setattr(record, SPOILT, jobs)
        elif (
            (event == "job_started" or event == "job_info")
            and self._workflow is not None
            and not self._dry_run
            and (self._dirty or len(self._workflow.dag._dependencies) != self._size)
        ):
            self._take(record.created)

    def _take(self, at: float) -> None:
        """Copy the jobs that this invocation runs: those that need to run, and those that have run."""
        begun = time.perf_counter()
        self._dirty = False
        dag = self._workflow.dag
        dependencies, ids, finished = dag._dependencies, dag._jobid, dag._finished
        self._size = len(dependencies)
        chosen = {job: ids[job] for job in dag._needrun if job in ids}
        for job in finished:
            if job in dependencies and job in ids:
                chosen[job] = ids[job]
        self.planned = len(chosen)
        if self._quiet:
            self._jobs = {number: job for job, number in chosen.items()}
        if not self._plan:
            return
        rows: list[Row] = []
        rules: dict[str, tuple[str | None, str | None, str | None]] = {}
        for job, number in chosen.items():
            rule = job.rule
            name = rule.name
            if name not in rules:
                rules[name] = _facts(rule)
            needs = [chosen[other] for other in dependencies.get(job, ()) if other in chosen]
            rows.append(Row(number, name, job.wildcards_dict, needs, getattr(job, "_params", None)))
        self.generation += 1
        executor = getattr(getattr(self._workflow, "_executor_plugin", None), "name", None)
        self.snapshots.append(Snapshot(self.generation, at, executor, rows, rules))
        self.spent = time.perf_counter() - begun

    def finished(self, running: Collection[int], attempts: int) -> list[int]:
        """Which of the running jobs are finished in the graph; only asked for where `--quiet` hides the event."""
        if not self._quiet or not self._jobs or not running or self.faults >= _FAULTS:
            return []
        try:
            finished = self._workflow.dag._finished
            now = (len(finished), attempts)
            if now == self._looked:
                return []
            self._looked = now
            return sorted(job for job in tuple(running) if self._jobs.get(job) in finished)
        except Exception:
            self.faults += 1
            return []


def plan(snapshot: Snapshot) -> Iterator[wire.Plan]:
    """The events of a snapshot: parts of at most 1,000 jobs, in the order of their ids."""
    rows = sorted(snapshot.rows)
    parts = max(1, -(-len(rows) // wire.PLAN_JOBS))
    for part in range(parts):
        chunk = rows[part * wire.PLAN_JOBS : (part + 1) * wire.PLAN_JOBS]
        yield wire.Plan(
            generation=snapshot.generation,
            part=part + 1,
            parts=parts,
            executor=snapshot.executor,
            jobs=[_job(row, snapshot.rules[row.rule]) for row in chunk],
        )


def _job(row: Row, facts: tuple[str | None, str | None, str | None]) -> dict[str, Any]:
    job: dict[str, Any] = {"job": row.job, "rule": row.rule}
    if row.wildcards:
        job["wildcards"] = {str(name): str(value) for name, value in row.wildcards.items()}
    if row.needs:
        job["needs"] = sorted(row.needs)
    if row.params:
        params = _params(row.params)
        if params:
            job["params"] = params
    for name, value in zip(("group", "conda", "container"), facts, strict=True):
        if value:
            job[name] = value
    return job


def _facts(rule: Any) -> tuple[str | None, str | None, str | None]:
    return tuple(_word(rule, name) for name in ("group", "conda_env", "container_img"))  # type: ignore[return-value]


def _word(rule: Any, name: str) -> str | None:
    try:
        value = getattr(rule, name, None)
    except Exception:
        return None
    # functions and patterns that only Snakemake can resolve are left out, not guessed
    return str(value) if isinstance(value, str | os.PathLike) else None


def _params(params: Any) -> Any:
    """Snakemake's Params: the named ones by name, the others by position."""
    try:
        if isinstance(params, dict):
            return _plain(params)
        names = dict(params._get_names())
        named: set[int] = set()
        for begin, end in names.values():
            named.update([begin] if end is None else range(begin, end))
        items = list(params)
        unnamed = (position for position in range(min(len(items), _ITEMS_KEPT)) if position not in named)
        found = {str(position): _plain(items[position]) for position in unnamed}
        for name, (begin, end) in names.items():
            found[str(name)] = _plain(items[begin] if end is None else items[begin:end])
        return found
    except Exception:
        return None


def _plain(value: Any, depth: int = 0) -> Any:
    """A small JSON value; of an object that is not plain data its type only, since its text may cost or do anything."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        text = str.__str__(value)
        return text if len(text) <= _VALUE_KEPT else text[:_VALUE_KEPT] + "…"
    if isinstance(value, os.PathLike):
        return str(os.fspath(value))[:_VALUE_KEPT]
    if depth < 4 and isinstance(value, dict):
        return {str(key)[:200]: _plain(item, depth + 1) for key, item in list(value.items())[:_ITEMS_KEPT]}
    if depth < 4 and isinstance(value, list | tuple):
        return [_plain(item, depth + 1) for item in value[:_ITEMS_KEPT]]
    return f"<{type(value).__name__}>"


def _workflow() -> Any:
    """The workflow whose method is on the stack."""
    frame = sys._getframe(1)
    for _ in range(_FRAMES):
        if frame.f_back is None:
            return None
        frame = frame.f_back
        code = frame.f_code
        if code.co_varnames[:1] == ("self",) and "snakemake" in code.co_filename:
            owner = frame.f_locals.get("self")
            if type(owner).__name__ == "Workflow" and type(owner).__module__ == "snakemake.workflow":
                return owner
    return None


def _postprocessed() -> list[int]:
    """The ids of the job, or of the jobs of the group, whose outputs the scheduler is looking at."""
    frame = sys._getframe(1)
    for _ in range(_FRAMES):
        if frame.f_back is None:
            return []
        frame = frame.f_back
        code = frame.f_code
        if code.co_name in ("_finish_jobs", "postprocess") and "scheduler" in code.co_filename:
            job: Any = frame.f_locals.get("job")
            members = job.jobs if hasattr(job, "jobs") else [job]
            return sorted(member.jobid for member in members if isinstance(member.jobid, int))
    return []
