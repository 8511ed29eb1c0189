"""The run's own log, and logs of jobs as they are written."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from pydantic import Field

from flowo.runs.schemas.base import Shape


class LogLine(Shape):
    seq: int
    at: dt.datetime
    level: Literal["debug", "info", "warning", "error"]
    text: str
    job: int | None = None


LogState = Literal["live", "asked", "silent", "missing", "refused", "kept", "over"]


class LogRead(Shape):
    """A part of a job's log file. `start` and `stop` count bytes of the file; `text` is what is between them."""

    state: LogState = Field(
        description="live: read now, by the run's Snakemake; asked: no answer yet; silent: no answer, so that nobody "
        "can read it now; missing: there is no such file; refused: not read, `note` says why; kept: the copy that was "
        "taken when the attempt failed; over: Snakemake has ended, and what is here was read before, if anything."
    )
    generation: int = Field(0, description="Another one: what was held before is of another file or too old.")
    anew: bool = Field(True, description="`text` replaces what was told before; else it follows it.")
    start: int = 0
    stop: int = 0
    text: str = ""
    size: int | None = Field(None, description="Bytes of the whole file when it was read.")
    note: str | None = None
    read_at: dt.datetime | None = None
    now: dt.datetime


class LogText(LogRead):
    """The end of one of a job's log files, as it can be had now."""

    path: str
    attempt: int
