"""What is told of single attempts: how they failed, and what was found of them afterwards."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from snakemake_logger_plugin_flowo import wire

from flowo.ingest.fields import MAX_NUMBER, Unreadable, moment, name, number, optional, small, texts
from flowo.runs import causes, state
from flowo.runs.signature import last_line, signature, telling_line

if TYPE_CHECKING:
    from flowo.ingest.projector import Fold

MOST_LOGS = 20  # of an attempt
MOST_INPUTS = 1_000
MOST_ROWS, MOST_COLUMNS = 1_000, 50  # of a benchmark
REMOTE_WORDS = ("executor", "status", "reason", "queue", "category", "confidence")
REMOTE_TIMES = ("queued_at", "started_at", "stopped_at")
MOST_FIGURE = 1e18  # false for NaN as well
MOST_BYTES = 2**53  # that a file can have here: what JSON's numbers tell exactly
# What is told by these depends on what was told of the same attempt before.
FURTHER = (
    wire.JobError.kind, wire.LogSnapshot.kind, wire.InputSnapshot.kind, wire.JobFigures.kind, wire.RemoteState.kind,
    wire.GroupMember.kind,
)  # fmt: skip


def told_of(lines: Iterable[Mapping[str, Any]]) -> set[int]:
    """The numbers of the jobs whose attempts' facts a batch adds to."""
    jobs = (line.get("job") for line in lines if line.get("kind") in FURTHER)
    return {job for job in jobs if type(job) is int and 0 <= job <= MAX_NUMBER}


def job_error(fold: Fold, event: wire.JobError, at: dt.datetime) -> None:
    job = fold.job(event.job, optional(event.rule))
    again = job.status == "failed" or (job.status == "planned" and job.attempt > 0)
    fold.moving(job, lambda: state.failed(job, at))
    said: dict[str, Any] = {
        "message": fold.text(event.message), "exception": optional(event.exception),
        "exit_code": small(event.exit_code), "signal": small(event.signal),
        "external_id": optional(event.external_id), "interrupted": True if event.interrupted is True else None,
        "cluster_log": next(map(name, texts(event.cluster_logs)), None),
    }  # fmt: skip
    said = {key: value for key, value in said.items() if value is not None}
    if again and not said.keys() & {"message", "exit_code", "signal"}:
        return
    if event.missing_outputs is True:
        said["exception"] = "MissingOutputException"
    fold.attempt(job).facts.update({"class": "unknown"} | said)  # Snakemake may tell nothing of it, as of `run:` blocks
    if not again:
        job.external_id = job.external_id or said.get("external_id")
    classify(fold, job, job.attempt)
    sign(fold, job, job.attempt)
    fold.failures_moved = True


def group_member(fold: Fold, event: wire.GroupMember, _at: dt.datetime) -> None:
    """Snakemake says of all jobs of a group that they failed: who is to blame stands first, the others say so."""
    job = _of(fold, event)
    facts = fold.told(job.number, event.attempt)
    if "class" not in facts:
        return  # no failure was told
    blamed = event.outcome == "failed"
    said: dict[str, Any] = {
        "message": fold.text(event.message), "exception": optional(event.exception),
        "exit_code": small(event.exit_code), "signal": small(event.signal), "beside": None if blamed else True,
    }  # fmt: skip
    fold.attempts[job.number, event.attempt].facts.update({key: one for key, one in said.items() if one is not None})
    if blamed and event.group_at is not None and job.status == "failed" and job.attempt == event.attempt:
        fold.failed[job.number] = moment(event.group_at)
    classify(fold, job, event.attempt)
    sign(fold, job, event.attempt)


def sign(fold: Fold, job: state.Job, attempt: int) -> None:
    """Say which failures this one is like, by all that is known of the attempt by now."""
    facts = fold.told(job.number, attempt)
    tails = [log["tail"] for log in facts.get("logs") or () if log.get("tail") and not facts.get("beside")]
    line = telling_line(facts.get("message"), tails)
    alike = signature(job.rule, facts.get("class"), line, job.wildcards)
    fold.attempts[job.number, attempt].facts |= {
        "signature": alike, "line": line, "last_line": last_line(line, tails) or None,
    }  # fmt: skip
    fold.signed.add(job.number)


def classify(fold: Fold, job: state.Job, attempt: int) -> None:
    """Say why an attempt failed, by all that is known of it by now."""
    facts = fold.told(job.number, attempt)
    if not facts.keys() & {"message", "exit_code", "signal", "exception", "class"}:
        return  # no failure was told yet
    logs = facts.get("logs") or []
    cluster_logs = [log["tail"] for log in logs if log.get("cluster") and log.get("tail")]
    exit_code, signal = facts.get("exit_code"), facts.get("signal")
    if exit_code is None and signal is None:
        exit_code = (facts.get("remote") or {}).get("exit_code") or None
    if exit_code is None and signal is None and not job.group:  # a group's log tells of several jobs
        exit_code, signal = causes.end_of_process("\n".join(cluster_logs))
    ending = causes.Ending(
        exit_code=exit_code,
        signal=signal,
        exception=facts.get("exception"),
        message=facts.get("message"),
        interrupted=bool(facts.get("interrupted")),
        remote=facts.get("remote") or {},
        logs=[log["tail"] for log in logs if not log.get("cluster") and log.get("tail")],
        cluster_logs=cluster_logs,
    )
    # What another job of its group failed of is no cause of this one's.
    kind, evidence = causes.failure_class(causes.Ending() if facts.get("beside") else ending)
    said = {"exit_code": exit_code, "signal": signal, "class": kind, "evidence": evidence}
    row = fold.attempts[job.number, attempt]
    row.facts.update({key: value for key, value in said.items() if value is not None or key in facts})
    fold.failures_moved = True


def _of(
    fold: Fold, event: wire.GroupMember | wire.LogSnapshot | wire.InputSnapshot | wire.JobFigures | wire.RemoteState
) -> state.Job:
    """The job of what was found; its attempt is one that can be."""
    if number(event.attempt) < 1:
        raise Unreadable("attempts are counted from 1")
    job = fold.job(event.job)
    fold.moved.add(job.number)  # whoever looks at the job is told that there is more to see
    return job


def log_snapshot(fold: Fold, event: wire.LogSnapshot, _at: dt.datetime) -> None:
    job = _of(fold, event)
    tail = "" if event.tail is None else str(event.tail)
    log = {
        "path": name(event.path), "tail": tail[-fold.max_text :], "size": _size(event.size),
        "note": optional(event.note), "cluster": event.cluster is True,
    }  # fmt: skip
    before = fold.told(job.number, event.attempt).get("logs") or []
    logs = [one for one in before if one["path"] != log["path"]]
    if len(logs) >= MOST_LOGS:
        return
    fold.attempts[job.number, event.attempt].facts["logs"] = [*logs, log]
    classify(fold, job, event.attempt)
    sign(fold, job, event.attempt)


def input_snapshot(fold: Fold, event: wire.InputSnapshot, _at: dt.datetime) -> None:
    job = _of(fold, event)
    files = []
    for file in event.files[:MOST_INPUTS]:
        size, note = _size(file.get("size")), optional(file.get("note"))
        there = False if file.get("missing") is True else True if size is not None else None
        files.append({"path": name(file.get("path")), "exists": there, "size": size, "note": note})
    fold.told(job.number, event.attempt)
    total = small(event.total)
    fold.attempts[job.number, event.attempt].facts["inputs"] = {
        "files": files, "total": max(len(event.files), total or 0), "note": optional(event.note),
    }  # fmt: skip
    fold.failures_moved = True


def job_figures(fold: Fold, event: wire.JobFigures, _at: dt.datetime) -> None:
    job = _of(fold, event)
    rows = [
        {name(key): float(value) for key, value in list(row.items())[:MOST_COLUMNS] if _finite(value)}
        for row in event.rows[:MOST_ROWS]
    ]
    rows = [row for row in rows if row]
    if not rows:
        return
    fold.told(job.number, event.attempt)
    facts = fold.attempts[job.number, event.attempt].facts
    facts["figures"] = state.figures(rows)
    if len(rows) > 1:
        facts["repeats"] = rows
    _time(fold, job, event.attempt)


def remote_state(fold: Fold, event: wire.RemoteState, at: dt.datetime) -> None:
    job = _of(fold, event)
    said: dict[str, Any] = {
        **{key: optional(getattr(event, key)) for key in REMOTE_WORDS},
        **{key: float(value) for key in REMOTE_TIMES if _finite(value := getattr(event, key))},
        "exit_code": small(event.exit_code),
    }
    facts = fold.told(job.number, event.attempt)
    row = fold.attempts[job.number, event.attempt]
    remote = (facts.get("remote") or {}) | {key: value for key, value in said.items() if value not in (None, "")}
    row.facts["remote"] = remote
    if event.external_id is not None:
        row.facts["external_id"] = optional(event.external_id)
    if event.attempt == job.attempt:
        job.external_id = optional(event.external_id) or job.external_id
        if event.phase == "running":
            fold.moving(job, lambda: state.runs(job, at))
    _time(fold, job, event.attempt)
    classify(fold, job, event.attempt)


def _time(fold: Fold, job: state.Job, attempt: int) -> None:
    """Queue and run time of the job's last attempt, as far as its executor or its benchmark tells."""
    fold.moved.add(job.number)
    if attempt != job.attempt:
        return
    facts = fold.told(job.number, attempt)
    job.queue_seconds, job.run_seconds, by = state.timing_elsewhere(
        job.queued_at, job.started_at, job.ended_at,
        remote=facts.get("remote") or {}, benchmark_s=(facts.get("figures") or {}).get("s"),
    )  # fmt: skip
    if by is not None:
        timing = {"queue": job.queue_seconds, "run": job.run_seconds, "by": by}
        fold.attempts[job.number, attempt].facts["timing"] = timing


def _finite(value: Any) -> bool:
    return type(value) in (int, float) and abs(value) < MOST_FIGURE


def _size(value: Any) -> int | None:
    return value if type(value) is int and 0 <= value <= MOST_BYTES else None
