"""How a run ended, in one line on a terminal."""

from __future__ import annotations

import re
from typing import NamedTuple

from snakemake_logger_plugin_flowo import values, wire


class Stand(NamedTuple):
    """Numbers of jobs."""

    finished: int
    started: int
    planned: int


def verdict(ended: wire.RunEnded, jobs: Stand, first: wire.JobError | None, *, dry_run: bool) -> str:
    """`first`: the first failure that stands."""
    text = f"{ended.outcome}{_counts(ended.outcome, jobs, dry_run)}"
    if ended.outcome != "succeeded" and first is not None:
        text += f"; first failure: rule {first.rule}, job {first.job} ({why(first)})"
    elif ended.outcome != "succeeded" and ended.message:
        text += f"; {short(ended.message)}"
    return text


def _counts(outcome: str, jobs: Stand, dry_run: bool) -> str:
    total = max(jobs.started, jobs.planned)
    if dry_run:
        return f", a dry run of {total} jobs"
    if total:
        return f", {jobs.finished} of {total} jobs finished"
    return ", no job was run" if outcome == "succeeded" else " before any job was started"


def short(message: str) -> str:
    """A message on one line; of a traceback what it ends with."""
    _, traceback, below = message.rpartition("Traceback (most recent call last):")
    lines = [line for line in below.splitlines() if line.strip() and not (traceback and line[0].isspace())]
    return values.cut(" ".join(" ".join(lines or message.splitlines()[-1:]).split()), 300)


def why(error: wire.JobError) -> str:
    """A failure in a few words, for one line on a terminal."""
    if error.exit_code is not None:
        return f"exit code {error.exit_code}"
    if error.signal is not None:
        return f"signal {error.signal}"
    if error.missing_outputs:
        return "its output is missing"
    lines = [line.strip() for line in (error.message or "").splitlines() if line.strip()]
    lines = [line for line in lines if not line.startswith("For further error details see ")]
    if not lines:
        return "Snakemake gives no reason; what the job printed is above"
    # Below the place of an exception stands what it says, then files, or the place in the code.
    below = [place + 1 for place, line in enumerate(lines[:-1]) if re.search(r" in file .+, line \d+:$", line)]
    return values.cut(lines[below[-1] if below else -1], 200)
