"""What is told of single attempts: how they failed, and what was found of them afterwards."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from snakemake_logger_plugin_flowo import wire

from flowo.ingest.fields import MAX_NUMBER, Unreadable, name, number, optional, small, texts
from flowo.runs import state

if TYPE_CHECKING:
    from flowo.ingest.projector import Fold

MOST_LOGS = 20  # of an attempt
MOST_INPUTS = 1_000
MOST_BYTES = 2**53  # that a file can have here: what JSON's numbers tell exactly
# What is told by these depends on what was told of the same attempt before.
FURTHER = (wire.JobError.kind, wire.LogSnapshot.kind, wire.InputSnapshot.kind)


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
    fold.attempt(job).facts.update(said)
    if not again:
        job.external_id = job.external_id or said.get("external_id")
    classify(fold, job, job.attempt)
    fold.failures_moved = True


def classify(fold: Fold, job: state.Job, attempt: int) -> None:
    """Say why an attempt failed, by all that is known of it by now."""
    facts = fold.told(job.number, attempt)
    if not facts.keys() & {"message", "exit_code", "signal", "exception", "class"}:
        return  # no failure was told yet
    logs = facts.get("logs") or []
    cluster_logs = [log["tail"] for log in logs if log.get("cluster") and log.get("tail")]
    exit_code, signal = facts.get("exit_code"), facts.get("signal")
    if exit_code is None and signal is None and not job.group:  # a group's log tells of several jobs
        exit_code, signal = state.end_of_process("\n".join(cluster_logs))
    kind, evidence = state.failure_class(
        state.Ending(
            exit_code=exit_code,
            signal=signal,
            exception=facts.get("exception"),
            message=facts.get("message"),
            interrupted=bool(facts.get("interrupted")),
            logs=[log["tail"] for log in logs if not log.get("cluster") and log.get("tail")],
            cluster_logs=cluster_logs,
        )
    )
    said = {"exit_code": exit_code, "signal": signal, "class": kind, "evidence": evidence}
    row = fold.attempts[job.number, attempt]
    row.facts.update({key: value for key, value in said.items() if value is not None or key in facts})
    fold.failures_moved = True


def _of(fold: Fold, event: wire.LogSnapshot | wire.InputSnapshot) -> state.Job:
    """The job of what was found; its attempt is one that can be."""
    if number(event.attempt) < 1:
        raise Unreadable("attempts are counted from 1")
    return fold.job(event.job)


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


def _size(value: Any) -> int | None:
    return value if type(value) is int and 0 <= value <= MOST_BYTES else None
