"""What follows from what: the rules of status, totals, progress and the estimate, pure and in one place."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

JOB_STATUSES = ("planned", "queued", "running", "succeeded", "failed", "aborted", "skipped")
RUNNING, LOST = "running", "lost"  # a run without an end: heard of, and not
INTERRUPTED = "interrupted"
OUTCOMES = ("succeeded", "failed", INTERRUPTED)
OPEN = frozenset({"planned", "queued", "running"})  # a job of these may still move while its run lives
ENDED = frozenset(OUTCOMES)


@dataclasses.dataclass(slots=True)
class Job:
    """A job's state. Times are the plugin's clock."""

    number: int
    rule: str
    status: str = "planned"
    attempt: int = 0
    queued_at: dt.datetime | None = None
    started_at: dt.datetime | None = None
    ended_at: dt.datetime | None = None
    group: str | None = None
    external_id: str | None = None
    threads: int | None = None
    wildcards: dict[str, str] = dataclasses.field(default_factory=dict)
    queue_seconds: float | None = None  # of the last attempt, where the executor or a benchmark tells
    run_seconds: float | None = None
    reasons: int = 0  # why Snakemake runs it, as `runs/reasons` has it

    @property
    def seconds(self) -> float | None:
        """How long the last attempt ran; None where start or end is not known, or the clock went backwards."""
        if self.started_at is None or self.ended_at is None or self.ended_at < self.started_at:
            return None
        return (self.ended_at - self.started_at).total_seconds()


# What happens to a job. Each takes the moment by the plugin's clock.


def submitted(job: Job, at: dt.datetime, *, local: bool) -> None:
    """Handed to the executor: a new attempt. Beside Snakemake it runs now; elsewhere it waits for evidence."""
    job.attempt += 1
    job.queued_at = at
    job.started_at = at if local else None
    job.ended_at = None
    job.external_id = None
    job.queue_seconds = job.run_seconds = None
    job.status = "running" if local else "queued"


def runs(job: Job, at: dt.datetime) -> None:
    """Evidence that a submitted job runs."""
    if job.status in {"queued", "planned"}:
        job.status = "running"
        job.started_at = at
        job.ended_at = None
        job.attempt = max(job.attempt, 1)


def finished(job: Job, at: dt.datetime | None, *, observed: bool = False) -> bool:
    """The attempt succeeded; `at` is None where only that is known, not when.

    What was only observed never contradicts an end that was said. True if it counts.
    """
    if job.status == "succeeded" or (observed and job.status == "failed"):
        return False
    job.status = "succeeded"
    job.ended_at = at
    job.attempt = max(job.attempt, 1)
    return True


def failed(job: Job, at: dt.datetime) -> bool:
    """The attempt failed. Snakemake up to 9.25 says so once more at the end of the run; that counts for nothing."""
    if job.status == "failed" or (job.status == "planned" and job.attempt > 0):
        return False
    job.status = "failed"
    job.ended_at = at
    job.attempt = max(job.attempt, 1)
    return True


def restarting(job: Job) -> None:
    """Snakemake will try again: what failed waits for its next attempt."""
    if job.status == "failed":
        job.status = "planned"


def closed(job: Job, at: dt.datetime) -> bool:
    """The run is over. True if that changed the job."""
    match job.status:
        case "running" | "queued":
            job.status = "aborted"
        case "planned" if job.attempt > 0:
            job.status = "failed"  # it was to be tried again and was not
        case "planned":
            job.status = "skipped"
        case _:
            return False
    if job.status == "aborted" and job.ended_at is None:
        job.ended_at = at
    return True


def reopened(job: Job) -> None:
    """Somebody declared the run ended, and it was heard of again: what that assumed is taken back."""
    if job.status == "skipped":
        job.status = "planned"
    elif job.status == "aborted":
        job.status = "running" if job.started_at else "queued"
        job.ended_at = None


# What happens to a run.


def outcome(said: str) -> str:
    """The status of a run whose plugin said how it ended; an unknown word of a newer plugin counts as failed."""
    return said if said in ENDED else "failed"


def heard(status: str) -> str:
    """A run that was lost and is heard of again runs."""
    return RUNNING if status == LOST else status


def abandoned(status: str) -> str:
    """Nobody adds to its record any more: a run that has no end by then will not get one."""
    return LOST if status == RUNNING else status


DECLARED_ENDED = INTERRUPTED  # what a lost run becomes when a person says that it has ended


# Queue and run time.

Timing = tuple[float | None, float | None, str | None]  # queue time and run time in seconds, and what tells them


def timing(
    queued_at: dt.datetime | None, started_at: dt.datetime | None, ended_at: dt.datetime | None
) -> Timing:  # fmt: skip
    """By the run's own events: `events` where a start was seen after the submission, `local` where both are one."""
    if queued_at is None or started_at is None or started_at < queued_at:
        return None, None, None
    run = (ended_at - started_at).total_seconds() if ended_at and ended_at >= started_at else None
    if started_at == queued_at:
        return None, run, "local"
    return (started_at - queued_at).total_seconds(), run, "events"


def timing_elsewhere(
    queued_at: dt.datetime | None,
    started_at: dt.datetime | None,
    ended_at: dt.datetime | None,
    *,
    remote: Mapping[str, Any],
    benchmark_s: float | None,
) -> Timing:
    """By the executor (`remote`: `queued_at`, `started_at`, `stopped_at` in seconds of its own clock), else by the
    benchmark: its seconds are the run's, and what is left of submission to end was queue, start-up and polling."""
    queued, started, stopped = (remote.get(name) for name in ("queued_at", "started_at", "stopped_at"))
    queue = started - queued if queued is not None and started is not None and started >= queued else None
    run = stopped - started if stopped is not None and started is not None and stopped >= started else None
    if queue is not None or run is not None:
        return queue, run, "executor"
    if benchmark_s is None or started_at == queued_at or queued_at is None or ended_at is None:
        return None, None, None
    total = (ended_at - queued_at).total_seconds()
    return (total - benchmark_s, benchmark_s, "benchmark") if total >= benchmark_s else (None, benchmark_s, "benchmark")


def figures(rows: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The figures of an attempt whose benchmark was repeated: the largest of `max_…`, the mean load by time, sums."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    result: dict[str, float] = {}
    for name in names:
        own = [row for row in rows if name in row]
        if name.startswith("max_"):
            result[name] = max(row[name] for row in own)
        elif name == "mean_load":
            seconds = sum(row.get("s", 0.0) for row in own)
            even = sum(row[name] for row in own) / len(own)
            result[name] = sum(row[name] * row.get("s", 0.0) for row in own) / seconds if seconds else even
        else:
            result[name] = sum(row[name] for row in own)
    return result


# What is found of an attempt that failed, and of no other. An attempt of which nothing but facts was told, since what
# told its start was lost, failed where these are among them; where they are not, nobody knows that there was one.
FOUND_OF_FAILURES = ("class", "logs", "inputs")


# Counting.


@dataclasses.dataclass(slots=True)
class Counts:
    planned: int = 0
    queued: int = 0
    running: int = 0
    succeeded: int = 0
    failed: int = 0
    aborted: int = 0
    skipped: int = 0

    @property
    def total(self) -> int:
        return sum(getattr(self, status) for status in JOB_STATUSES)

    def add(self, status: str, n: int) -> None:
        setattr(self, status, getattr(self, status) + n)

    def plus(self, other: Counts) -> None:
        for status in JOB_STATUSES:
            self.add(status, getattr(other, status))


def unseen(known: Counts, expected: int, *, plan: bool, ended: bool) -> Counts:
    """`known` and, where no plan names the jobs, what run_info announced beyond them."""
    result = dataclasses.replace(known)
    if not plan and expected > known.total:
        result.add("skipped" if ended else "planned", expected - known.total)
    return result


def progress(counts: Counts, status: str) -> float:
    """Jobs that succeeded, of all that this invocation is to do; a run with nothing to do is done."""
    total = counts.total
    return counts.succeeded / total if total else float(status == "succeeded")


# The estimate.


@dataclasses.dataclass(frozen=True, slots=True)
class Pace:
    """Durations of a rule's jobs: how many are known, and their sum in seconds."""

    timed: int = 0
    seconds: float = 0.0


@dataclasses.dataclass(frozen=True, slots=True)
class Left:
    """A range for the seconds until the end. `rough`: the ground is thin, the end may be far from it."""

    low: float
    high: float
    rough: bool


GROUNDED_SHARE = 0.8  # of the remaining jobs must have durations of their rule to go by, else nothing is said
THIN = 3.0  # durations known for each remaining job's rule, on average; with fewer the range is a rough one


def remaining(
    open_jobs: Mapping[str, int],
    here: Mapping[str, Pace],
    earlier: Mapping[str, Pace],
    *,
    elapsed_s: float,
    busy_now: int,
) -> Left | None:
    """A range for the seconds until the end, or None where there is no ground for one.

    `open_jobs`: jobs not yet ended, by rule. `here`, `earlier`: durations in this run and in earlier ones of the
    workflow.
    The work left is divided by the parallelism seen so far; the range widens as the ground thins.
    """
    left = sum(open_jobs.values())
    if not left or elapsed_s <= 0:
        return None
    work = grounded = known = 0.0
    means: list[float] = []
    for rule, n in open_jobs.items():
        a, b = here.get(rule, Pace()), earlier.get(rule, Pace())
        pace = a if a.timed >= 3 or not b.timed else Pace(a.timed + b.timed, a.seconds + b.seconds)
        if not pace.timed:
            continue
        mean = pace.seconds / pace.timed
        means.append(mean)
        grounded += n
        known += min(pace.timed, 20) * n
        work += mean * n
    if grounded < GROUNDED_SHARE * left:
        return None
    work *= left / grounded
    done_work = sum(pace.seconds for pace in here.values())
    parallel = max(1.0, done_work / elapsed_s, busy_now * 0.7)
    estimate = max(work / parallel, max(means, default=0.0) * 0.5)
    spread = 0.15 + 0.6 / (1.0 + known / grounded)  # few durations for each rule: wide
    rough = known / grounded < THIN or grounded < left
    return Left(estimate * (1 - min(spread, 0.6)), estimate * (1 + 2 * spread), rough)


# Why nothing runs.


@dataclasses.dataclass(frozen=True, slots=True)
class Signs:
    """What is known of a running run's standstill. Moments are the server's clock; None: not known."""

    now: dt.datetime
    heard_at: dt.datetime  # an event or a heartbeat
    event_at: dt.datetime | None  # the last event
    submitted_at: dt.datetime | None = None  # the longest-waiting of the queued jobs
    cores: int | None = None  # that Snakemake may use beside itself
    busy: int | None = None  # of these, by jobs that run
    smallest: int | None = None  # cores that the least demanding planned job asks for


@dataclasses.dataclass(frozen=True, slots=True)
class Waiting:
    """Why jobs wait. `reason`: `unheard` (nothing is heard since), `cluster` (`jobs` were submitted, the first at
    `since`), `cores` (all planned jobs need more than are free), `quiet` (Snakemake lives, without an event since)."""

    reason: str
    jobs: int
    since: dt.datetime | None


UNHEARD_S = 35.0  # two heartbeats of 15 s that did not come, and the way; after a minute the run is lost
QUIET_S = 10.0  # between one job and the next nothing runs either


def waiting(status: str, counts: Counts, signs: Signs) -> Waiting | None:
    """Why jobs of a run wait while it is there, as far as is known; None where they move or nobody can tell."""
    if status != RUNNING:
        return None
    open_jobs = counts.planned + counts.queued + counts.running
    if (signs.now - signs.heard_at).total_seconds() > UNHEARD_S:
        return Waiting("unheard", open_jobs, signs.heard_at)
    if counts.running:
        if signs.cores is None or signs.busy is None or signs.smallest is None or not counts.planned:
            return None
        return Waiting("cores", counts.planned, None) if signs.smallest > signs.cores - signs.busy else None
    if counts.queued:
        return Waiting("cluster", counts.queued, signs.submitted_at)
    if counts.planned and signs.event_at and (signs.now - signs.event_at).total_seconds() > QUIET_S:
        return Waiting("quiet", counts.planned, signs.event_at)
    return None


# Why a job has no end, or was never started.


@dataclasses.dataclass(frozen=True, slots=True)
class Unfinished:
    """`reason` for programs and `text` for people; `number`: the job that it comes from, where there is one."""

    reason: str
    text: str
    number: int | None = None


def asks_graph(job: str, run: str, *, dry_run: bool) -> bool:
    """Whether the job graph tells why a job was not started: `upstream` of `unfinished`."""
    return job == "skipped" and run in ENDED and not dry_run


def unfinished(
    job: str,
    run: str,
    *,
    dry_run: bool = False,
    declared: bool = False,
    upstream: tuple[int, str] | None = None,
    first_failure: int | None = None,
) -> Unfinished | None:
    """Why a job of a run that has ended is aborted or skipped; None for all others.

    `declared`: a person said that the run had ended. `upstream`: number and status of a job that it needs, directly or
    not, and that did not succeed. `first_failure`: of the run.
    """
    if run not in ENDED or job not in ("aborted", "skipped"):
        return None
    if dry_run:
        return Unfinished("dry_run", "A dry run starts no job.")
    if declared:
        what = "it was not said how this job ended" if job == "aborted" else "this job had not been started by then"
        return Unfinished("declared", f"The run was lost and declared ended; {what}.")
    if job == "aborted":
        if run == INTERRUPTED:
            return Unfinished("interrupted", "The run was interrupted while this job ran.")
        return Unfinished("untold", "Snakemake ended without saying how this job ended.")
    if upstream is not None:
        what = "failed" if upstream[1] == "failed" else "did not finish"
        return Unfinished("upstream", f"It needs job {upstream[0]}, which {what}.", upstream[0])
    if run == INTERRUPTED:
        return Unfinished("interrupted", "The run was interrupted before this job was started.")
    if first_failure is not None:
        text = f"Snakemake stopped after job {first_failure} had failed, before it started this one."
        return Unfinished("stopped", text, first_failure)
    if run == "failed":
        return Unfinished("stopped", "The run failed before this job was started.")
    return Unfinished("not_needed", "Snakemake ended well without starting this job.")


def upstream_of(number: int, needs: Mapping[int, Sequence[int]], spoilt: Mapping[int, str]) -> tuple[int, str] | None:
    """The nearest of the jobs that `number` needs, directly or not, which is in `spoilt`; a failed one goes first."""
    seen, level = {number}, list(needs.get(number, ()))
    while level:
        found = sorted((spoilt[n] != "failed", n) for n in level if n in spoilt)
        if found:
            return found[0][1], spoilt[found[0][1]]
        seen.update(level)
        level = list({n for job in level for n in needs.get(job, ()) if n not in seen})
    return None
