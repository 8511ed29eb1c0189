"""Log files of jobs that somebody looks at: who wants which, and what was read of them.

The meeting point of `live`, where people watch, and `ingest`, where the run's plugin asks what they want and brings it.
A watch lives as long as it is renewed; nothing of it is an event, and nothing of it is kept.
"""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any, NamedTuple, cast

from sqlalchemy import and_, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from flowo.errors import NotFound
from flowo.runs import schemas, state
from flowo.runs.models import Attempt, Job, JobState, LogPart, LogWatch
from flowo.runs.queries import Workspaces, find

LEASE_S = 20.0  # somebody watches until so long after they last said so
SILENT_S = 5.0  # without an answer for so long, nobody can read it now
WINDOW = 256 * 1024  # bytes of the end of a log that are passed on
CLUSTER = -1  # the log of the cluster's job, beside those that the rule declares
IN_TURN = "more logs of this run are watched than can be read at once, so it waits for its turn"
READ = "read"  # the plugin's word for a file that it could read

WATCH = text(
    f"""INSERT INTO log_watch AS held (run_id, number, attempt, log, until, generation)
        SELECT id, :number, :attempt, :log, clock_timestamp() + make_interval(secs => :lease),
               (extract(epoch FROM clock_timestamp()) * 1000)::bigint
        FROM run WHERE id = :run_id AND status IN ('{state.RUNNING}', '{state.LOST}')
        ON CONFLICT (run_id, number, attempt, log) DO UPDATE SET
          asked_at = CASE WHEN held.until < clock_timestamp() THEN clock_timestamp() ELSE held.asked_at END,
          until = excluded.until
        RETURNING read_at IS NULL OR read_at < clock_timestamp() - make_interval(secs => :silent)"""
)


class Log(NamedTuple):
    """One log of one attempt. `log`: index into those that the job declares, or CLUSTER."""

    run_id: uuid.UUID
    number: int
    attempt: int
    log: int

    @property
    def name(self) -> str:
        """As in a hint, and behind `log:` in a topic."""
        return f"{self.run_id}:{self.number}:{self.attempt}:{'cluster' if self.log == CLUSTER else self.log}"

    @classmethod
    def named(cls, name: str) -> Log:
        """Raises ValueError."""
        run_id, number, attempt, log = name.split(":")
        made = cls(uuid.UUID(run_id), int(number), int(attempt), CLUSTER if log == "cluster" else int(log))
        if not (0 <= made.number < 2**31 and 0 < made.attempt < 2**15 and CLUSTER <= made.log < 2**15):
            raise ValueError(name)
        return made


class Place(NamedTuple):
    """Where a log stands: its path as declared, and what is known without reading it."""

    log: Log
    path: str
    run_status: str
    failed: bool  # the attempt; its logs were copied then
    superseded: bool  # a later attempt writes the same file
    kept: dict[str, Any] | None  # the copy


async def locate(
    session: AsyncSession, workspaces: Workspaces, run_id: uuid.UUID, number: int, log: int, attempt: int | None = None
) -> Place:
    """The log of the attempt, by default the latest one. NotFound for what is not there or may not be seen."""
    run = await find(session, workspaces, run_id)
    row = (
        await session.execute(
            select(JobState.attempt, Job.facts)
            .outerjoin(Job, and_(Job.run_id == JobState.run_id, Job.number == JobState.number))
            .where(JobState.run_id == run_id, JobState.number == number)
        )
    ).one_or_none()
    if row is None:
        raise NotFound(f"This run has no job {number}.")
    attempt = attempt or max(1, row.attempt)
    tried = await session.get(Attempt, (run_id, number, attempt))
    if tried is None:
        raise NotFound(f"Job {number} has no attempt {attempt}.")
    facts = tried.facts or {}
    logs = (row.facts or {}).get("logs") or []
    path = facts.get("cluster_log") if log == CLUSTER else logs[log] if log < len(logs) else None
    if path is None:
        raise NotFound(f"Job {number} has no such log; it declares {len(logs)}.")
    return Place(
        Log(run_id, number, attempt, log), str(path), run.status, tried.status == "failed",
        attempt < row.attempt, _copy(facts, str(path)),
    )  # fmt: skip


def _copy(facts: dict[str, Any], path: str) -> dict[str, Any] | None:
    """The copy of this file among those that were taken of the attempt's logs."""
    copies = [copy for copy in (facts.get("log"), *(facts.get("logs") or [])) if isinstance(copy, dict)]
    return next((copy for copy in copies if copy.get("path") == path), None)


async def watch(session: AsyncSession, log: Log) -> bool | None:
    """Say that somebody watches. True: the plugin should be told now; None: the run has ended or is gone."""
    told = (
        await session.execute(
            WATCH,
            {
                "run_id": log.run_id, "number": log.number, "attempt": log.attempt, "log": log.log,
                "lease": LEASE_S, "silent": SILENT_S,
            },
        )
    ).scalar_one_or_none()  # fmt: skip
    return cast("bool | None", told)


async def watched(session: AsyncSession, log: Log) -> bool:
    """Whether it is known that somebody watches it, or did a while ago."""
    return await session.get(LogWatch, tuple(log)) is not None


async def held(session: AsyncSession, log: Log, *, generation: int | None = None, since: int = 0) -> schemas.LogRead:
    """What was read of a watched log behind the byte `since`, all that is held where that is of another generation."""
    where = [getattr(LogWatch, name) == value for name, value in log._asdict().items()]
    row = (
        await session.execute(
            select(LogWatch, func.clock_timestamp().label("now")).where(*where)
        )
    ).one_or_none()  # fmt: skip
    if row is None:
        now = (await session.execute(select(func.clock_timestamp()))).scalar_one()
        return schemas.LogRead(state="over", now=now)
    watched: LogWatch = row.LogWatch
    told, note = _state(watched, row.now), watched.note
    if told == "silent":
        answered = select(func.max(LogWatch.read_at)).where(LogWatch.run_id == log.run_id)
        last = (await session.execute(answered)).scalar_one()
        if last is not None and (row.now - last).total_seconds() <= SILENT_S:
            told, note = "asked", IN_TURN
    stop = watched.stop or 0
    anew = generation != watched.generation or not watched.start <= since <= stop
    start = watched.start if anew else since
    parts = await session.execute(
        select(LogPart.start, LogPart.body)
        .where(*(getattr(LogPart, name) == value for name, value in log._asdict().items()), LogPart.start >= start)
        .order_by(LogPart.start)
    )
    bodies = parts.all()
    if bodies and bodies[0].start > start:  # `since` was within a part: none of our own readers
        start, anew = watched.start, True
        bodies = bodies if start == bodies[0].start else []
    return schemas.LogRead(
        state=told,
        generation=watched.generation,
        anew=anew,
        start=start if bodies else stop,
        stop=stop,
        text="".join(part.body for part in bodies),
        size=watched.size,
        note=note,
        read_at=watched.read_at,
        now=row.now,
    )


def _state(watched: LogWatch, now: dt.datetime) -> schemas.LogState:
    last = watched.read_at or watched.asked_at
    if (now - last).total_seconds() > SILENT_S:
        return "silent"
    if not watched.read_at:
        return "asked"
    if watched.state == READ:
        return "live"
    return "missing" if watched.state == "missing" else "refused"


async def read(
    session: AsyncSession, place: Place, *, generation: int | None = None, since: int = 0
) -> tuple[schemas.LogText, bool]:
    """A log as it can be had now, and whether the plugin should be told that somebody wants it."""
    tell = False
    kept = place.kept
    if (place.failed and kept is not None) or place.superseded:
        told = await _kept(session, kept)
        if kept is None:
            told.state, told.note = "refused", "a later attempt writes there, and no copy was taken before"
    else:
        wanted = await watch(session, place.log)
        tell = bool(wanted)
        told = await held(session, place.log, generation=generation, since=since)
        if wanted is None and told.stop == 0 and kept is not None:
            told = await _kept(session, kept)
        elif wanted is None:
            told.state = "over"
    return schemas.LogText(path=place.path, attempt=place.log.attempt, **told.model_dump()), tell


async def _kept(session: AsyncSession, kept: dict[str, Any] | None) -> schemas.LogRead:
    now = (await session.execute(select(func.clock_timestamp()))).scalar_one()
    if kept is None:
        return schemas.LogRead(state="over", now=now)
    tail = str(kept.get("tail") or "")
    size, length = kept.get("size"), len(tail.encode())
    stop = max(length, size or 0)
    return schemas.LogRead(
        state="kept", start=stop - length, stop=stop, text=tail, size=size, note=kept.get("note"), now=now
    )
