"""What all shapes of the API share: how they are read and written, pages, and the words of statuses."""

from __future__ import annotations

import enum
from typing import Generic, TypeVar

from pydantic import BaseModel, ConfigDict

T = TypeVar("T")


class RunStatus(enum.StrEnum):
    running = "running"
    succeeded = "succeeded"
    failed = "failed"
    interrupted = "interrupted"
    lost = "lost"


class JobStatus(enum.StrEnum):
    planned = "planned"
    queued = "queued"
    running = "running"
    succeeded = "succeeded"
    failed = "failed"
    aborted = "aborted"
    skipped = "skipped"


class FailureClass(enum.StrEnum):
    oom = "oom"
    timeout = "timeout"
    signal = "signal"
    missing_output = "missing_output"
    nonzero_exit = "nonzero_exit"
    exception = "exception"
    cancelled = "cancelled"
    unknown = "unknown"


class Shape(BaseModel):
    model_config = ConfigDict(from_attributes=True, extra="forbid")


class Page(Shape, Generic[T]):
    """One page of a list; `next` is the cursor of the page after it, null on the last."""

    items: list[T]
    next: str | None = None
