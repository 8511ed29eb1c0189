"""Rows as the fold of a batch holds and changes them in memory."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

from flowo.runs import state


@dataclasses.dataclass(slots=True)
class Run:
    """What the fold changes of the run's row."""

    status: str = "running"
    reported_name: str = ""
    reported_tags: list[str] = dataclasses.field(default_factory=list)
    workflow: str = ""
    host: str = ""
    username: str = ""
    directory: str = ""
    started_at: dt.datetime | None = None
    ended_at: dt.datetime | None = None
    lost_since: dt.datetime | None = None
    dry_run: bool = False
    imported: bool = False
    gaps: int = 0
    skipped_events: int = 0
    facts: dict[str, Any] = dataclasses.field(default_factory=dict)
    rulegraph: dict[str, Any] | None = None
    fold: dict[str, Any] = dataclasses.field(default_factory=dict)

    @property
    def generation(self) -> int:
        """The last complete generation of the plan; 0: none."""
        return int(self.fold.get("generation", 0))


@dataclasses.dataclass(slots=True)
class Facts:
    """What a batch says of a job beside its state."""

    command: str | None = None  # a long one, which is kept once
    command_hash: str | None = None  # hex
    more: dict[str, Any] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(slots=True)
class Attempt:
    queued_at: dt.datetime | None = None
    started_at: dt.datetime | None = None
    ended_at: dt.datetime | None = None
    status: str = ""  # nothing but facts is news; the stored row's other columns stay
    facts: dict[str, Any] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(slots=True)
class Rule:
    counts: state.Counts = dataclasses.field(default_factory=state.Counts)
    expected: int = 0
    timed: int = 0
    seconds: float = 0.0
