"""What a failed attempt leaves behind: the tails of its logs, and which of its inputs are there."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from snakemake_logger_plugin_flowo import wire
from snakemake_logger_plugin_flowo.attend import tail_of

LOGS_OF_A_JOB = 10  # the executor's included
_REMOVED = "made within its group: Snakemake removes it when that fails"
_PLACED = (" (retrieve from storage)", " (send to storage)", " (pipe)", " (service)")  # as Snakemake ends such paths


class Attempt(NamedTuple):
    """A failed attempt, and what to look at."""

    job: int
    attempt: int
    logs: list[str]
    cluster_logs: list[str]
    inputs: list[str]
    inputs_total: int
    directory: Path
    within: frozenset[str] = frozenset()  # outputs of its group, which Snakemake removes when that fails


def snapshots(of: Attempt, kept: int, newest: Callable[[int], int]) -> Iterator[wire.Event]:
    """The last `kept` bytes of its logs, then its inputs; `newest` tells which attempt the job is in by then."""

    def late() -> str | None:
        return f"attempt {of.attempt + 1} had begun before this was read" if newest(of.job) > of.attempt else None

    logs = [(path, False) for path in of.logs] + [(path, True) for path in of.cluster_logs]
    for path, cluster in logs[:LOGS_OF_A_JOB] if kept > 0 else []:
        tail, size, note = tail_of(of.directory, path, kept)
        note = "; ".join(word for word in (note, late()) if word) or None
        yield wire.LogSnapshot(
            job=of.job, attempt=of.attempt, path=path, tail=tail, size=size, note=note, cluster=cluster
        )
    if of.inputs:
        files = [
            {"path": path, "note": _REMOVED} if path in of.within else seen(of.directory, path) for path in of.inputs
        ]
        total = of.inputs_total if of.inputs_total > len(files) else None
        yield wire.InputSnapshot(job=of.job, attempt=of.attempt, files=files, total=total, note=late())


def missed(of: Attempt, reason: str) -> list[wire.Event]:
    """What is said of its logs when nothing could be read."""
    logs = [(path, False) for path in of.logs] + [(path, True) for path in of.cluster_logs]
    return [
        wire.LogSnapshot(job=of.job, attempt=of.attempt, path=path, note=reason, cluster=cluster)
        for path, cluster in logs[:LOGS_OF_A_JOB]
    ]


def seen(directory: Path, name: str) -> dict[str, Any]:
    """One input as `wire.InputSnapshot` tells it; nothing is opened."""
    if name.endswith(_PLACED) or "://" in name:
        return {"path": name, "note": "not a plain file here"}
    try:
        status = os.stat(directory / name)
    except (FileNotFoundError, NotADirectoryError):
        return {"path": name, "missing": True}
    except (OSError, ValueError) as error:
        return {"path": name, "note": f"cannot be looked at: {getattr(error, 'strerror', None) or error}"}
    if stat.S_ISREG(status.st_mode):
        return {"path": name, "size": status.st_size}
    return {"path": name, "note": "a directory" if stat.S_ISDIR(status.st_mode) else "not a regular file"}
