"""Runs, jobs and batches as a plugin would send them, by state; every field can be overridden."""

from __future__ import annotations

import gzip
import json
import time
import uuid
from collections.abc import Iterable
from typing import Any

from snakemake_logger_plugin_flowo import wire

Line = dict[str, Any]


class Tape:
    """Events of one run, numbered as the spool would number them. Moments go up by a second for each event."""

    def __init__(self, run_id: uuid.UUID | None = None, *, start: float = 1_700_000_000.0) -> None:
        self.run_id = run_id or uuid.uuid4()
        self.lines: list[bytes] = []
        self.at = start

    def add(self, *events: wire.Event) -> Tape:
        for event in events:
            self.at += 1
            self.lines.append(wire.encode(event, seq=len(self.lines) + 1, at=self.at))
        return self

    def opened(self, **more: Any) -> Tape:
        fields: Line = {"host": "node1", "user": "ada", "directory": "/data/rna", "command": ["snakemake", "-c2"]}
        return self.add(wire.RunOpened(**(fields | more)))

    def planned(self, jobs: Iterable[Line], generation: int = 1, part: int = 1, parts: int = 1) -> Tape:
        return self.add(wire.Plan(generation=generation, part=part, parts=parts, jobs=list(jobs)))

    def info(self, job: int, rule: str = "map", **more: Any) -> Tape:
        fields: Line = {"wildcards": {"sample": f"S{job}"}, "threads": 1, "command": f"map {job}"}
        return self.add(wire.JobInfo(job=job, rule=rule, **(fields | more)))

    def finished(self, *jobs: int) -> Tape:
        return self.add(*(wire.JobFinished(job=job) for job in jobs))

    def failed(self, job: int, **more: Any) -> Tape:
        fields: Line = {"message": "exit 3", "exit_code": 3}
        return self.add(wire.JobError(job=job, **(fields | more)))

    def ended(self, outcome: str = "succeeded", **more: Any) -> Tape:
        return self.add(wire.RunEnded(outcome=outcome, **more))

    def body(self, first: int = 1, last: int | None = None) -> bytes:
        """NDJSON of the events from `first` to `last`, both counted from 1."""
        return b"".join(self.lines[first - 1 : last])

    @property
    def path(self) -> str:
        return f"/api/ingest/v1/runs/{self.run_id}/events"


def headers(**more: str) -> dict[str, str]:
    return {
        "Content-Type": "application/x-ndjson", "Content-Encoding": "gzip", wire.SENT_AT_HEADER: repr(time.time()), **more
    }  # fmt: skip


def packed(body: bytes) -> bytes:
    return gzip.compress(body, 1)


def lines(*objects: Line) -> bytes:
    return b"".join(json.dumps(line).encode() + b"\n" for line in objects)
