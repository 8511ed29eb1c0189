"""What the live stream brings."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Literal

from flowo.runs.schemas.base import Shape
from flowo.runs.schemas.job import Job
from flowo.runs.schemas.log import LogRead
from flowo.runs.schemas.run import RuleCounts, Run


class RunMessage(Shape):
    """SSE event `run`: what changed in one run up to `revision`. `resync` names what must be asked for again."""

    topic: str
    revision: int
    now: dt.datetime
    run: Run | None
    rules: list[RuleCounts]
    jobs: list[Job]
    resync: list[Literal["jobs", "graph", "run"]]
    deleted: bool = False


class RunsMessage(Shape):
    """SSE event `runs`: which runs of the caller's workspaces changed, or `resync`: list them again."""

    topic: Literal["runs"] = "runs"
    now: dt.datetime
    runs: list[Run]
    deleted: list[uuid.UUID]
    resync: bool


class Hello(Shape):
    """SSE event `hello`: the first message of each stream."""

    now: dt.datetime
    version: str


class LogMessage(LogRead):
    """SSE event `log`: what was read of a log since. Whoever holds less than `start`, or another generation, asks for
    what is missing."""

    topic: str


class Resync(Shape):
    """SSE event `resync`: this stream was read too slowly; ask for all of `topic` again."""

    topic: str
    now: dt.datetime


class Bye(Shape):
    """SSE event `bye`: the stream ends now; come back (`again`) or sign in first."""

    again: bool
    reason: str
