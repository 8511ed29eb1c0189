"""From Snakemake's words to ours: folds the events of one batch into the present state of a run, in memory.

An event that cannot be projected costs itself only: it is remembered in `unread`, and the batch goes on.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os.path
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import orjson
from snakemake_logger_plugin_flowo import wire

from flowo.ingest import attempts, definition
from flowo.ingest.fields import (
    MAX_NUMBER,
    MOST_EXPECTED,
    WILDCARD_BYTES,
    Unreadable,
    moment,
    name,
    number,
    optional,
    small,
    texts,
    wildcards,
)
from flowo.ingest.rows import Attempt, Facts, Rule, Run
from flowo.runs import reasons, state

LONG_COMMAND = 1_000  # characters; jobs of a rule that share a long script then share its text

Line = Mapping[str, Any]
Held = dict[int, dict[int, tuple[int, list[int]]]]  # generation → part → how many parts, and the numbers of its jobs


def touched(lines: Iterable[Line]) -> tuple[set[int], bool]:
    """The numbers of the jobs that a batch speaks of, and whether it can touch all jobs of the run."""
    numbers: set[int] = set()
    everything = False
    for line in lines:
        kind = line.get("kind")
        if kind == "run_ended" or (kind == "plan" and line.get("generation", 1) != 1):
            everything = True
        job = line.get("job")
        if type(job) is int and 0 <= job <= MAX_NUMBER:
            numbers.add(job)
        jobs = line.get("jobs")
        if isinstance(jobs, list):
            for item in jobs:
                job = item.get("job") if isinstance(item, dict) else item
                if type(job) is int and 0 <= job <= MAX_NUMBER:
                    numbers.add(job)
    return numbers, everything


class Fold:
    """The present state of what a batch touches, and what the batch makes of it."""

    def __init__(
        self, run: Run, jobs: dict[int, state.Job], rules: dict[str, Rule], held: Held, *, max_text: int,
        kept: dict[tuple[int, int], dict[str, Any]] | None = None,
    ) -> None:  # fmt: skip
        self.run = run
        self.jobs = jobs
        self.rules = rules
        self.held = held  # parts of the plan's generations that are not whole yet
        self.max_text = max_text
        self.kept = kept or {}  # facts of attempts that are told more of
        self.moved: set[int] = set()  # jobs whose state changed, or of whose attempts more is known
        self.wildcards: set[tuple[str, str]] = set()  # names and values that were told anew
        self.removed: set[int] = set()  # jobs whose rows go, before those of `moved` are written
        self.facts: dict[int, Facts] = {}
        self.blobs: dict[str, str] = {}  # large texts by their hash, hexadecimal
        self.defined: dict[str, dict[str, Any]] = {}  # rule → what it is made of
        self.attempts: dict[tuple[int, int], Attempt] = {}
        self.moved_rules: set[str] = set()
        self.plan_parts: list[wire.Plan] = []
        self.plan_whole = False  # a generation has all its parts now
        self.failures_moved = False
        self.failed: dict[int, dt.datetime | None] = {}  # jobs that failed, and None for those made good
        self.signed: set[int] = set()  # jobs of which it is news which failures they are like
        self.reset = False
        self.unread: list[int] = []

    def apply(self, lines: Iterable[Line]) -> None:
        if self.run.fold.pop("declared", None):
            self._reopen()
        for line in lines:
            try:
                if line.get("kind") in UNPROJECTED:
                    continue
                event = wire.decode(line)
                if event is None:
                    self.run.skipped_events += 1
                    continue
                at = moment(line.get("at"))
                PROJECTIONS[type(event)](self, event, at)
            except (Unreadable, TypeError, ValueError, AttributeError, KeyError, OverflowError, RecursionError):
                self.unread.append(int(line["seq"]))
                self.run.skipped_events += 1

    # Jobs.

    def job(self, number_: Any, rule: str | None = None) -> state.Job:
        """The job of a number, made when it is heard of for the first time; its rule may be learnt later."""
        key = number(number_)
        job = self.jobs.get(key)
        if job is None:
            job = self.jobs[key] = state.Job(key, rule or "")
            self._late(job)
            self._rule(job.rule).counts.add(job.status, 1)
            self.moved.add(key)
        elif rule and job.rule != rule:
            self._rule(job.rule).counts.add(job.status, -1)
            job.rule = rule
            self._rule(rule).counts.add(job.status, 1)
            self.moved.add(key)
            self._retold(job)
        return job

    def _wild(self, job: state.Job, told: dict[str, str]) -> None:
        if told != job.wildcards:
            job.wildcards = told
            self._retold(job)
            self.wildcards.update((key, value) for key, value in told.items() if len(key.encode()) <= WILDCARD_BYTES)

    def _retold(self, job: state.Job) -> None:
        """A failure tells of its job's rule and wildcards."""
        self.failures_moved = self.failures_moved or job.status == "failed"

    def _rule(self, rule: str) -> Rule:
        self.moved_rules.add(rule)
        found = self.rules.get(rule)
        if found is None:
            found = self.rules[rule] = Rule()
        return found

    def moving(self, job: state.Job, move: Callable[[], object]) -> None:
        """Do `move`, and keep counters, durations and the attempt's row in step with what it did to the job."""
        before = job.status
        move()
        self._late(job)
        after = job.status
        self.moved.add(job.number)
        if before != after:
            rule = self._rule(job.rule)
            rule.counts.add(before, -1)
            rule.counts.add(after, 1)
            if "failed" in (before, after):
                self.failed[job.number] = job.ended_at if after == "failed" else None
                self.failures_moved = True
            if after == "succeeded" and job.seconds is not None:
                rule.timed += 1
                rule.seconds += job.seconds
        if job.attempt:
            self.attempt(job)

    def _late(self, job: state.Job) -> None:
        """What is told of a job after its run has ended leaves it as open as the end itself does: not at all."""
        if self.run.status in state.ENDED and job.status in state.OPEN:
            moments = (self.run.ended_at, job.queued_at, job.started_at)
            state.closed(job, max(one for one in moments if one is not None))

    def attempt(self, job: state.Job) -> Attempt:
        row = self.attempts.setdefault((job.number, max(job.attempt, 1)), Attempt())
        if job.attempt:
            row.queued_at, row.started_at, row.ended_at = job.queued_at, job.started_at, job.ended_at
            row.status = "failed" if job.status == "planned" else job.status
        return row

    def told(self, number_: int, attempt: int) -> dict[str, Any]:
        """All facts of an attempt, by what is kept and by what this batch tells."""
        row = self.attempts.setdefault((number_, attempt), Attempt())
        return self.kept.get((number_, attempt), {}) | row.facts

    def text(self, value: Any) -> str | None:
        """A text for a table, cut where it is longer than a table should hold."""
        if value is None:
            return None
        cut = str(value)
        return cut if len(cut) <= self.max_text else cut[: self.max_text] + " …"

    def _reopen(self) -> None:
        self.run.status, self.run.ended_at = "running", None
        for job in self.jobs.values():
            if job.status in ("skipped", "aborted"):
                self.moving(job, lambda job=job: state.reopened(job))  # type: ignore[misc]
        self.failures_moved = True

    # Events about the run.

    def run_opened(self, event: wire.RunOpened, at: dt.datetime) -> None:
        run = self.run
        run.started_at = run.started_at or at
        run.host, run.username, run.directory = name(event.host), name(event.user), name(event.directory)
        run.workflow = run.workflow or run.directory
        run.reported_tags = [name(tag)[:100] for tag in texts(event.tags)][:50]
        run.dry_run, run.imported = event.dry_run is True, event.imported is True
        run.fold["asked_name"] = optional(event.name)
        self._named()
        self.tell(
            command=[self.text(part) for part in texts(event.command)],
            plugin_version=optional(event.plugin_version),
            snakemake_version=optional(event.snakemake_version),
            python_version=optional(event.python_version),
            platform=optional(event.platform),
            scheduler_id=optional(event.scheduler_id),
            profiles=[name(path) for path in texts(event.profiles)][:50],
        )

    def _named(self) -> None:
        """As asked; else after the Snakefile's directory, the one above it where that is the usual `workflow/`."""
        run = self.run
        folder = os.path.dirname(run.workflow) if run.fold.get("snakefile") else run.directory
        if os.path.basename(folder) == "workflow":
            folder = os.path.dirname(folder)
        run.reported_name = run.fold.get("asked_name") or os.path.basename(folder.rstrip("/")) or folder or "run"

    def tell(self, **facts: Any) -> None:
        self.run.facts.update({key: value for key, value in facts.items() if value not in (None, [], {})})

    def workflow_started(self, event: wire.WorkflowStarted, at: dt.datetime) -> None:
        run = self.run
        run.started_at = run.started_at or at
        if event.snakefile:
            run.workflow = name(event.snakefile)
            run.fold["snakefile"] = True
            self._named()
        run.host = run.host or name(event.host)
        run.username = run.username or name(event.user)
        self.tell(
            snakefile=optional(event.snakefile),
            workflow_id=optional(event.workflow_id),
            snakemake_version=optional(event.snakemake_version),
            python_version=optional(event.python_version),
            platform=optional(event.platform),
            configfiles=[name(path) for path in texts(event.configfiles)],
            config_md5=optional(event.config_md5),
        )

    def provenance(self, event: wire.Provenance, _at: dt.datetime) -> None:
        git = {
            "remote": optional(event.git_remote),
            "commit": optional(event.git_commit),
            "branch": optional(event.git_branch),
            "dirty": event.git_dirty if isinstance(event.git_dirty, bool) else None,
        }
        self.tell(
            git={key: value for key, value in git.items() if value is not None},
            file_hashes=self.run.facts.get("file_hashes", {}) | definition.hashes(event),
        )

    def rule_graph(self, event: wire.RuleGraph, _at: dt.datetime) -> None:
        nodes = [name(node) for node in texts(event.nodes)]
        links = [[a, b] for a, b in event.links if 0 <= a < len(nodes) and 0 <= b < len(nodes)]
        self.run.rulegraph = {"nodes": nodes, "links": links}
        self.reset = True

    def resources_info(self, event: wire.ResourcesInfo, _at: dt.datetime) -> None:
        self.tell(cores=small(event.cores), nodes=small(event.nodes))

    def run_info(self, event: wire.RunInfo, _at: dt.datetime) -> None:
        stats = {name(rule): number(expected) for rule, expected in event.stats.items()}
        if sum(stats.values()) + sum(r.expected for n, r in self.rules.items() if n not in stats) > MOST_EXPECTED:
            raise Unreadable("more jobs are announced than a run can have")
        for rule, expected in stats.items():
            self._rule(rule).expected = expected

    def plan(self, event: wire.Plan, _at: dt.datetime) -> None:
        if number(event.generation) < 1 or not 1 <= number(event.part) <= number(event.parts) <= 100_000:
            raise Unreadable("a plan's part is not one of its parts")
        for entry in event.jobs:
            number(entry["job"])
            orjson.dumps(entry)  # what cannot be JSON again is no fact
        held = self.held.setdefault(event.generation, {})
        if event.generation <= self.run.generation or event.part in held:
            return  # what holds already is not said again
        self.tell(executor=optional(event.executor))
        for entry in event.jobs:
            job = self.job(entry["job"], name(entry.get("rule")))
            before = job.group, job.wildcards, job.threads
            job.group = job.group or optional(entry.get("group"))
            self._wild(job, wildcards(entry.get("wildcards")) or job.wildcards)
            job.threads = job.threads or small(entry.get("threads"))
            if before != (job.group, job.wildcards, job.threads):
                self.moved.add(job.number)
                self._retold(job)
        self.plan_parts.append(event)
        held[event.part] = event.parts, [entry["job"] for entry in event.jobs]
        if len(held) >= held[min(held)][0]:
            self._plan_is_whole(event.generation)

    def _plan_is_whole(self, generation: int) -> None:
        """All parts are there: what an older generation planned and this one does not, will not be run."""
        self.run.fold["generation"] = generation
        self.plan_whole = self.reset = True
        if generation == 1:  # there is no older one, and not all jobs were read
            return
        numbers = {n for g, parts in self.held.items() if g >= generation for _, part in parts.values() for n in part}
        gone = {
            key for key, job in self.jobs.items()
            if key not in numbers and job.status == "planned" and job.attempt == 0
        }  # fmt: skip
        for key in gone:
            self._rule(self.jobs.pop(key).rule).counts.add("planned", -1)
            self.facts.pop(key, None)
        self.attempts = {key: attempt for key, attempt in self.attempts.items() if key[0] not in gone}
        self.removed |= gone
        self.moved -= gone

    def error(self, event: wire.Error, _at: dt.datetime) -> None:
        self.run.fold["last_error"] = {"exception": optional(event.exception), "message": self.text(event.message)}

    def gap(self, event: wire.Gap, _at: dt.datetime) -> None:
        self.run.gaps = min(self.run.gaps + number(event.count), MAX_NUMBER)

    def run_ended(self, event: wire.RunEnded, at: dt.datetime) -> None:
        run = self.run
        run.status = state.outcome(event.outcome)
        run.ended_at = at
        run.lost_since = None
        last = run.fold.pop("last_error", None) or {}
        for job in self.jobs.values():
            if job.status in state.OPEN:
                self.moving(job, lambda job=job: state.closed(job, at))  # type: ignore[misc]
        run.facts.pop("message", None)
        if run.status != "succeeded" and not any(rule.counts.failed for rule in self.rules.values()):
            self.tell(message=self.text(event.message) or last.get("message") or optional(event.exception))
        self.failures_moved = True

    # Events about jobs.

    def group_info(self, event: wire.GroupInfo, _at: dt.datetime) -> None:
        for member in event.jobs:
            job = self.job(member)
            job.group = optional(event.group)
            self.moved.add(job.number)

    def job_info(self, event: wire.JobInfo, at: dt.datetime) -> None:
        resources = event.resources if isinstance(event.resources, dict) else {}
        if len(orjson.dumps(resources)) > self.max_text:  # raises on what cannot be JSON again, before anything moved
            resources = {}
        params = event.params if len(orjson.dumps(event.params)) <= self.max_text else None
        priority = (small(event.priority) if type(event.priority) is int else optional(event.priority)) or None
        job = self.job(event.job, name(event.rule))
        self._wild(job, wildcards(event.wildcards))
        job.threads = small(event.threads)
        job.reasons = reasons.kinds(event.reason)
        facts = self.facts[job.number] = Facts()
        command = self.text(event.command)
        if command and len(command) > LONG_COMMAND:
            facts.command = command
            facts.command_hash = hashlib.blake2b(command.encode(), digest_size=12).hexdigest()
        more: dict[str, Any] = {
            "inputs": texts(event.inputs), "outputs": texts(event.outputs), "logs": texts(event.logs),
            "inputs_total": small(event.inputs_total), "outputs_total": small(event.outputs_total),
            "benchmark": optional(event.benchmark), "reason": self.text(event.reason),
            "message": self.text(event.message), "priority": priority,
            "checkpoint": True if event.checkpoint is True else None,
            "command": None if facts.command else command,
            "params": params,
        }  # fmt: skip
        facts.more.update({key: value for key, value in more.items() if value not in (None, [], "")})
        if self.run.dry_run:
            self.moved.add(job.number)
            return
        if job.status in ("running", "queued"):  # the end of the attempt before was never said
            self.attempt(job).status = "aborted"
        self.moving(job, lambda: state.submitted(job, at, local=event.local is not False))
        if resources:
            self.attempt(job).facts["resources"] = resources

    def job_submitted(self, event: wire.JobSubmitted, _at: dt.datetime) -> None:
        own = texts(event.external_ids)
        for place, member in enumerate(event.jobs):
            job = self.job(member)
            job.external_id = optional(own[place] if len(own) == len(event.jobs) else event.external_id)
            self.moved.add(job.number)
            facts = self.attempt(job).facts
            facts["external_id"] = job.external_id
            if event.log:
                facts["cluster_log"] = name(event.log)

    def job_running(self, event: wire.JobRunning, at: dt.datetime) -> None:
        job = self.job(event.job)
        self.moving(job, lambda: state.runs(job, at))

    def job_finished(self, event: wire.JobFinished, at: dt.datetime) -> None:
        job = self.job(event.job)
        when = None if event.evidence == "run_succeeded" else at
        self.moving(job, lambda: state.finished(job, when, observed=event.evidence != "event"))

    def job_restarting(self, event: wire.JobRestarting, _at: dt.datetime) -> None:
        job = self.job(event.job)
        self.moving(job, lambda: state.restarting(job))


# Kept in the journal, from where the run's log is told; they move nothing. What a group's error means is said again for
# each of its jobs, and `job_started` says only that the scheduler chose.
UNPROJECTED = frozenset({wire.Log.kind, wire.JobStarted.kind, wire.GroupError.kind})

PROJECTIONS: dict[type[wire.Event], Callable[[Fold, Any, dt.datetime], None]] = {
    wire.RunOpened: Fold.run_opened, wire.WorkflowStarted: Fold.workflow_started, wire.Provenance: Fold.provenance,
    wire.RuleGraph: Fold.rule_graph, wire.ResourcesInfo: Fold.resources_info, wire.RunInfo: Fold.run_info,
    wire.Plan: Fold.plan, wire.GroupInfo: Fold.group_info,
    wire.JobInfo: Fold.job_info, wire.JobSubmitted: Fold.job_submitted, wire.JobRunning: Fold.job_running,
    wire.JobFinished: Fold.job_finished, wire.JobRestarting: Fold.job_restarting, wire.JobError: attempts.job_error,
    wire.LogSnapshot: attempts.log_snapshot, wire.InputSnapshot: attempts.input_snapshot,
    wire.JobFigures: attempts.job_figures, wire.RemoteState: attempts.remote_state,
    wire.GroupMember: attempts.group_member,
    wire.Error: Fold.error, wire.Gap: Fold.gap, wire.RunEnded: Fold.run_ended,
    wire.Config: definition.config, wire.Source: definition.source, wire.Rule: definition.rule,
}  # fmt: skip
