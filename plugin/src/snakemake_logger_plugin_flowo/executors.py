"""What executors say of the jobs that were handed to them: ids in mere texts, and states as a record's payload."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from snakemake_logger_plugin_flowo import wire
from snakemake_logger_plugin_flowo.values import as_integer, as_seconds, as_text, as_text_or_none

# Patterns as text: most runs need none of them, and compiling all takes 6 ms of Snakemake's start.
_RESTARTING = r"Trying to restart job ([\w-]+)\."
_SUBMITTED = r"Submitted (group )?job ([\w-]+) with external jobid '((?s:.*))'\."
_RESUMED = r"Resuming incomplete job ([\w-]+) with external jobid '(.*)'\."
_SLURM = r"Job ([\w-]+) has been submitted with SLURM jobid (\w+)(?: \(log: (.*)\))?\.?"
_SLURM_ARRAY = (
    r"Submitted array job with Snakemake IDs ([\d, ]+) and SLURM job ID (\w+)\."
    r"(?: The individual task IDs are (\d+)-\d+)?"
)


class Executors:
    """Remembers which jobs an id stands for. `logs`: the executor's, of open jobs, are remembered too."""

    def __init__(self, *, logs: bool) -> None:
        self.logs: dict[int, list[str]] = {}  # by job
        self.group: list[int] = []  # the jobs of the group that was handed over last
        self._groups: dict[str, list[int]] = {}  # the group job's UUID → its jobs
        self._keeps = logs

    def said(self, text: str) -> list[wire.Event]:
        """What follows from a text, mostly nothing."""
        if "restart job" in text and (match := re.search(_RESTARTING, text)):
            return [wire.JobRestarting(job=job) for job in self._jobs(match[1])]
        if "external jobid" in text:
            if match := re.search(_SUBMITTED, text):
                if match[1] and self.group:
                    self._groups[match[2]] = list(self.group)
                return self._submitted(self._jobs(match[2]), match[3])
            if match := re.search(_RESUMED, text):
                return self._submitted(self._jobs(match[1]), match[2])
        if "SLURM" in text:
            if match := re.search(_SLURM, text):
                if not match[1].isdigit() and self.group:
                    self._groups[match[1]] = list(self.group)
                return self._submitted(self._jobs(match[1]), match[2], match[3])
            if match := re.search(_SLURM_ARRAY, text):
                return _array([int(job) for job in re.findall(r"\d+", match[1])], match[2], int(match[3] or 1))
        return []

    def _submitted(self, jobs: list[int], external_id: str, log: str | None = None) -> list[wire.Event]:
        if log and self._keeps:
            for job in jobs:
                self.logs[job] = [log]
        return [wire.JobSubmitted(jobs=jobs, external_id=external_id, log=log)] if jobs else []

    def _jobs(self, name: str) -> list[int]:
        return [int(name)] if name.isdigit() else self._groups.get(name, [])


def _array(jobs: list[int], external_id: str, first: int) -> list[wire.Event]:
    """Task ids go up by one, in the order of the jobs."""
    ids = [f"{external_id}_{first + place}" for place in range(len(jobs))]
    return [wire.JobSubmitted(jobs=jobs, external_id=external_id, external_ids=ids)] if jobs else []


def state(told: Any, attempts: Mapping[int, int]) -> wire.RemoteState | None:
    """The payload of an executor that tells states (schema 1 as `snakesee_remote`, 2 as `remote_job_state`)."""
    if not isinstance(told, Mapping) or told.get("schema_version") not in (1, 2):
        return None
    job, phase = as_integer(told.get("jobid")), told.get("phase")
    if job is None or phase not in ("queued", "running", "succeeded", "failed"):
        return None
    return wire.RemoteState(
        job=job,
        attempt=max(1, attempts.get(job, 1)),
        phase=phase,
        executor=as_text(told.get("executor") or ""),
        external_id=as_text_or_none(told.get("external_jobid")),
        status=as_text_or_none(told.get("remote_status")),
        reason=as_text_or_none(told.get("status_reason")),
        queue=as_text_or_none(told.get("queue")),
        queued_at=as_seconds(told.get("queued_at")),
        started_at=as_seconds(told.get("started_at")),
        stopped_at=as_seconds(told.get("stopped_at")),
        exit_code=as_integer(told.get("exit_code")),
        category=as_text_or_none(told.get("termination_category")),
        confidence=as_text_or_none(told.get("termination_confidence")),
    )
