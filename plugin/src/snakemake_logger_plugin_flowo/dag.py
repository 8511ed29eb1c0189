"""Reads the running workflow's job graph for the plan; private objects of Snakemake, so every look is guarded.

A logging filter runs synchronously in the thread that logs: there the graph stands still, and a walk up the stack finds
the workflow. Job ids here are those of the events (`dag.jobid(job)`).
"""

from __future__ import annotations

import collections
import contextlib
import logging
import os
import sys
import time
from collections.abc import Callable, Collection, Iterator
from logging.handlers import QueueHandler
from typing import Any, NamedTuple

from snakemake_logger_plugin_flowo import data, definition, wire
from snakemake_logger_plugin_flowo.translate import SPOILT

LOGGER = "snakemake.logging"  # since 9.0.0
PURPOSE = "flowo_purpose"  # attribute of a record: "dryrun" or "touch", where a run is not to make its outputs
_FRAMES = 30  # run_info is logged 5 to 8 calls below the workflow's method
_CHECKPOINT = "Updating checkpoint dependencies."  # logged before the graph changes
_PASSED_OVER = frozenset({"shellcmd", "progress", "job_finished"})  # half of all records
UNHEARD = frozenset({"shellcmd", "progress"})  # of these, those that say nothing new
PLAIN = frozenset({"job_info", "job_finished", "job_started"})  # that, and the next, are of nearly all the rest
SELECTING = "Select jobs to execute..."  # comes with each start of jobs
_OUTPUT = "DefaultStreamHandler"  # what Snakemake's own handler is called that writes to the terminal
_FAULTS = 3  # failed looks after which it is given up
_TBD = "TBDString"  # Snakemake's word for what it will know later
_BUILDING = "Building DAG of jobs..."  # logged when all Snakefiles are read
_NOTHING = "Nothing to be done"  # how the text begins that is logged in the place of a run_info
_READ = ("_dependencies", "_needrun", "_finished", "_jobid")  # of Snakemake's graph


class Row(NamedTuple):
    """A job as copied in Snakemake's thread; what it refers to is replaced by Snakemake, not changed."""

    job: int
    rule: str
    wildcards: Any
    needs: list[int]
    params: Any


class Snapshot(NamedTuple):
    generation: int  # 0: there is no plan, only what rules need
    at: float  # the time of the record that it was taken at
    links: set[tuple[str, str]] | None  # rules that need others, and which; None: as told before
    executor: str | None
    rows: list[Row]
    rules: dict[str, tuple[str | None, str | None, str | None]]  # group, conda, container
    definitions: list[definition.Rule]  # of rules that no snapshot before has
    snakefiles: list[str]


class Watch(logging.Filter):
    """Looks at each record in the thread it comes from, and lets every one pass; but where no other logger plugin is
    there, few are queued, which costs a copy and a change of threads each: two of five nobody would hear, and nearly
    all the rest are heard at once."""

    def __init__(
        self, *, plan: bool = True, quiet: bool = False, dry_run: bool = False, config: bool = True, code: bool = True,
        alone: bool = False,
    ) -> None:  # fmt: skip
        super().__init__()
        self.snapshots: collections.deque[Snapshot] = collections.deque()
        self.generation = 0
        self.planned = 0  # jobs in the last snapshot
        self.faults = 0
        self.spent = 0.0  # s of Snakemake's thread for the last snapshot
        self.config: definition.Config | None = None  # once, until it is taken away
        self.params: dict[int, Any] = {}  # of jobs that were handed out, where the plan could not know them
        self._alone = alone  # what is queued is queued for us only
        self._handler: QueueHandler | None = None  # where it looks then
        self.queue: Any = None  # that one's
        self.here: Callable[[logging.LogRecord], bool] | None = None  # hears a record at once, if it can
        self._plan = plan
        self._links: set[tuple[str, str]] = set()  # the last that were told
        self.quiet = quiet  # JOB_FINISHED is not sent: watch the graph instead
        self._dry_runs = self._dry_run = dry_run  # always, and of the execution that goes on
        self._config = config  # its content, too
        self._code = code
        self._config_seen = False
        self._defined: set[str] = set()
        self._vague: dict[int, Any] = {}  # jobs whose parameters were not all known when the plan was taken
        self._workflow: Any = None
        self._dirty = False
        self._size = -1
        self._jobs: dict[int, Any] = {}
        self._needs: dict[int, list[int]] = {}  # in the last snapshot, where the graph may change
        self._looked: tuple[int, int] = (0, 0)

    def reads_rules(self) -> bool:
        """Whether what rules need is read here: if asked to, and this Snakemake's graph is as we know it."""
        made = getattr(getattr(sys.modules.get("snakemake.dag"), "DAG", None), "__init__", None)
        return self._plan and {*_READ} <= {*getattr(getattr(made, "__code__", None), "co_names", ())}

    def install(self) -> None:
        logging.getLogger(LOGGER).addFilter(self)

    def remove(self) -> None:
        logging.getLogger(LOGGER).removeFilter(self)
        if self._handler is not None:
            self._handler.removeFilter(self)
        self.here = None
        self._workflow = None
        self._jobs = {}
        self._vague = {}

    def filter(self, record: logging.LogRecord) -> bool:
        here = self.here
        try:
            event, text = record.__dict__.get("event"), record.msg
            if event in _PASSED_OVER or (event is None and (type(text) is not str or text == SELECTING)):
                if self._handler is None:  # a table cannot even be compared
                    return True
                return event not in UNHEARD and (here is None or not here(record))
            if self._alone and self._handler is None and self._moved():
                return True  # it looks in a moment
            if text is None and event == "rulegraph":
                record.msg = ""  # we ask for it, and some versions' own handlers (from 9.9 on) fail on None
            if self.faults < _FAULTS:
                self._look(record, event)
            return here is None or event not in PLAIN or not here(record)
        except Exception:  # who logs is Snakemake, or a Snakefile
            self.faults += 1
            return True

    def _moved(self) -> bool:
        """Look from the one queue's handler on, as soon as it is there, and if it is ours only: up to 9.8 Snakemake's
        own output comes from that queue, too."""
        logger = logging.getLogger(LOGGER)
        queues = [handler for handler in logger.handlers if isinstance(handler, QueueHandler)]
        if len(queues) != 1 or not any(handler.name == _OUTPUT for handler in logger.handlers):
            return False
        if not self.reads_rules():
            return False
        (self._handler,) = queues
        self.queue = self._handler.queue
        self._handler.addFilter(self)
        logger.filters = [one for one in logger.filters if one is not self]  # the list is being gone through
        return True

    def _look(self, record: logging.LogRecord, event: str | None) -> None:
        if event == "job_info" or event == "job_started":
            workflow = self._workflow
            if (
                workflow is not None
                and not self._dry_run
                and (
                    self._dirty or len(workflow.dag._dependencies) != self._size  # as `_grown`
                )
            ):
                self._take(record.created)
            if self._vague and event == "job_info":
                job = self._vague.get(number := getattr(record, "jobid", -1))
                if job is not None and (params := job._params) is not None:
                    self.params[number] = params
        elif event is None:
            if record.msg == _CHECKPOINT:
                self._dirty = True
            elif record.msg == _BUILDING:
                self._see_config(_workflow())
            elif self._plan and record.msg.startswith(_NOTHING):
                found = _workflow()
                if found is not None and (links := self._linked(found.dag._dependencies)):
                    self.snapshots.append(Snapshot(0, record.created, links, None, [], {}, [], []))
        elif event == "workflow_started":
            self._see_config(_workflow())
            self._alone = self._alone and self._handler is not None  # else asked for nothing with each record
            self._jobs = {}  # those of the next execution are not finished in the last one's graph
            if purpose := _purpose():
                setattr(record, PURPOSE, purpose)
            if self._dry_run and purpose != "dryrun":
                self._defined.clear()  # what a program only tried before is not told
                self._links = set()
            self._dry_run = purpose == "dryrun" or self._dry_runs
        elif event == "run_info":
            if self.generation and (self._workflow is None or (self._dry_run and not self._grown())):
                return  # a dry run says it again when all is done
            found = _workflow()
            if self._workflow is None:
                self._workflow = found
            if found is not None and found is self._workflow:  # not that of a later run in the same process
                self._take(record.created)
        elif event == "error" and (jobs := _postprocessed()):
            setattr(record, SPOILT, jobs)

    def _grown(self) -> bool:
        """Whether jobs came to the graph, or went, since the last snapshot: by a checkpoint, or input from a queue."""
        return len(self._workflow.dag._dependencies) != self._size

    def _linked(self, dependencies: Any, rows: Collection[Row] = ()) -> set[tuple[str, str]] | None:
        """Which rules need which: of all that are in the graph, also where nothing is to be done, and of `rows`, where
        some are in there no more. None: as before."""
        links = {(other.rule.name, job.rule.name) for job, needed in dependencies.items() for other in needed}
        links |= {(name, "") for name in {job.rule.name for job in dependencies}}  # what is alone
        if rows:
            rules = {row.job: row.rule for row in rows}
            links |= {(rules[number], row.rule) for row in rows for number in row.needs if number in rules}
            links |= {(rule, "") for rule in rules.values()}
        if links == self._links:
            return None
        self._links = links
        return links

    def _see_config(self, workflow: Any) -> None:
        if workflow is not None and not self._config_seen:
            self._config_seen = True
            self.config = definition.config(workflow, content=self._config)

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
        gone = [job for job in finished if job not in chosen and job in ids]
        if gone:  # a checkpoint's change takes from the graph what has run and nothing hangs on any more
            numbers = set(chosen.values())
            chosen.update({job: ids[job] for job in gone if ids[job] not in numbers})
        self.planned = len(chosen)
        if self.quiet:
            self._jobs = {number: job for job, number in chosen.items()}
        if not self._plan:
            return
        planned = set(chosen.values()) if self._needs else set()
        rows: list[Row] = []
        rules: dict[str, tuple[str | None, str | None, str | None]] = {}
        vague: dict[str, bool | None] = {}  # rule → whether parameters may be known later; None: it has none
        self._vague = {}
        for job, number in chosen.items():
            rule = job.rule
            name = rule.name
            if name not in rules:
                rules[name] = _facts(rule)
                vague[name] = _may_be_vague(rule)
            needs = [chosen[other] for other in dependencies.get(job, ()) if other in chosen]
            if not needs and number in self._needs and job in finished:
                needs = [other for other in self._needs[number] if other in planned]
            params = getattr(job, "_params", None)
            if (late := vague[name]) is not None and (params is None or (late and _TBD in map(_name_of, params))):
                self._vague[number] = job
            rows.append(Row(number, name, job.wildcards_dict, needs, params))
        if self.generation or getattr(dag, "checkpoint_jobs", None):
            self._needs = {row.job: row.needs for row in rows if row.needs}
        self.generation += 1
        executor = getattr(getattr(self._workflow, "_executor_plugin", None), "name", None)
        definitions: list[definition.Rule] = []
        if self._code:
            with contextlib.suppress(Exception):  # the plan does not depend on it
                definitions = self._definitions({row.rule for row in rows})
        snakefiles = definition.snakefiles(self._workflow) if definitions else []
        links = self._linked(dependencies, rows if gone else ())
        self.snapshots.append(Snapshot(self.generation, at, links, executor, rows, rules, definitions, snakefiles))
        self.spent = time.perf_counter() - begun

    def _definitions(self, names: set[str]) -> list[definition.Rule]:
        """Where the rules stand that are new, in the order of the workflow."""
        new = names - self._defined
        if not new or len(self._defined) >= definition.RULES:
            return []
        self._defined |= new
        found = self._workflow._rules
        return [definition.rule(self._workflow, found[name]) for name in found if name in new]

    def finished(self, running: Collection[int], attempts: int) -> list[int]:
        """Which of the running jobs are finished in the graph; only asked for where `--quiet` hides the event."""
        if not self.quiet or not self._jobs or not running or self.faults >= _FAULTS:
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


def rule_graph(links: set[tuple[str, str]]) -> wire.RuleGraph:
    """The rules, each behind those that it needs as far as they do not need each other, else by name."""
    needs: dict[str, list[str]] = {}
    for source, target in sorted(links):
        needs.setdefault(source, [])
        if target:
            needs.setdefault(target, []).append(source)
    nodes: dict[str, int] = {}
    begun: set[str] = set()
    for first in sorted(needs):
        if first in begun:
            continue
        way = [(first, iter(needs[first]))]
        begun.add(first)
        while way:
            rule, rest = way[-1]
            above = next((other for other in rest if other not in begun), None)
            if above is None:
                nodes[rule] = len(nodes)
                way.pop()
            else:
                begun.add(above)
                way.append((above, iter(needs[above])))
    return wire.RuleGraph(
        nodes=list(nodes), links=[[nodes[source], nodes[target]] for source, target in sorted(links) if target]
    )


def plan(snapshot: Snapshot) -> Iterator[wire.Plan]:
    """The plan's events: parts of at most 1,000 jobs, in the order of their ids."""
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
        params = data.params(row.params)
        if params:
            job["params"] = params
    for name, value in zip(("group", "conda", "container"), facts, strict=True):
        if value:
            job[name] = value
    return job


def _facts(rule: Any) -> tuple[str | None, str | None, str | None]:
    return tuple(_word(rule, name) for name in ("group", "conda_env", "container_img"))  # type: ignore[return-value]


def _may_be_vague(rule: Any) -> bool | None:
    """Whether a rule's parameters hold more than plain texts and numbers; None where there are none."""
    try:
        items = list(list.__iter__(rule._params))
        return any(not issubclass(type(item), str | int | float) for item in items) if items else None
    except Exception:
        return None


def _name_of(item: Any) -> str:
    return type(item).__name__


def _word(rule: Any, name: str) -> str | None:
    try:
        value = getattr(rule, name, None)
    except Exception:
        return None
    # functions and patterns that only Snakemake can resolve are left out, not guessed
    return str(value) if isinstance(value, str | os.PathLike) else None


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


def _purpose() -> str | None:
    """What the executor of the run that begins is for; a program that uses Snakemake says it there only."""
    frame = sys._getframe(1)
    for _ in range(_FRAMES):
        if frame.f_back is None:
            return None
        frame = frame.f_back
        if "executor_plugin" in frame.f_code.co_varnames and "snakemake" in frame.f_code.co_filename:
            settings = getattr(frame.f_locals.get("executor_plugin"), "common_settings", None)
            if settings is not None:
                return "dryrun" if settings.dryrun_exec else "touch" if settings.touch_exec else None
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
