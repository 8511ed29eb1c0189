"""Why jobs of a run wait: the signs that `state.waiting` judges by, read only where they can matter."""

from __future__ import annotations

import contextlib
import datetime as dt
import zlib
from typing import Any

import orjson
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from flowo.runs import schemas, state, views
from flowo.runs.models import JobState, Journal

SAID = 200  # characters of the last words


async def of_run(session: AsyncSession, row: views.AnyRow, facts: dict[str, Any]) -> schemas.Waiting | None:
    """`row`: the run's, as `queries.find` gives it."""
    counts = views.counts_of(row)
    if row.status != state.RUNNING:
        return None
    signs = state.Signs(now=row.now, heard_at=row.heard_at, event_at=None)
    last: Any = None
    if counts.running:
        if counts.planned and not counts.queued and facts.get("cores"):
            signs = await _cores(session, row, facts["cores"])
    elif counts.queued:
        signs = await _submitted(session, row)
    elif counts.planned:
        last = await _last_batch(session, row)
        signs = state.Signs(now=row.now, heard_at=row.heard_at, event_at=last.heard_at if last else None)
    found = state.waiting(row.status, counts, signs)
    if found is None:
        return None
    return schemas.Waiting(
        reason=found.reason, jobs=found.jobs, since=found.since, cores=signs.cores, busy=signs.busy,
        said=last_words(last.body) if last is not None and found.reason == "quiet" else None,
    )  # fmt: skip


def last_words(body: bytes) -> str | None:
    """The last line of Snakemake's own log in a batch as the journal keeps it."""
    for raw in reversed(zlib.decompress(body).splitlines()):
        with contextlib.suppress(orjson.JSONDecodeError, AttributeError):  # half of a character; not an object
            line = orjson.loads(raw)
            if line.get("kind") == "log" and (text := str(line.get("text", "")).replace("\0", "").strip()):
                words = text.splitlines()[-1].strip()
                return words if len(words) <= SAID else words[:SAID] + " …"
    return None


async def _cores(session: AsyncSession, row: views.AnyRow, cores: int) -> state.Signs:
    threads = func.least(func.greatest(func.coalesce(JobState.threads, 1), 1), cores)  # Snakemake scales down
    busy, smallest = (
        await session.execute(
            select(
                func.sum(threads).filter(JobState.status == "running"),
                func.min(threads).filter(JobState.status == "planned"),
            ).where(JobState.run_id == row.id, JobState.status.in_(("running", "planned")))
        )
    ).one()
    return state.Signs(
        now=row.now, heard_at=row.heard_at, event_at=None, cores=cores, busy=busy, smallest=smallest
    )  # fmt: skip


async def _submitted(session: AsyncSession, row: views.AnyRow) -> state.Signs:
    first: dt.datetime | None = (
        await session.execute(
            select(func.min(JobState.queued_at)).where(JobState.run_id == row.id, JobState.status == "queued")
        )
    ).scalar_one()
    since = first + dt.timedelta(seconds=row.clock_offset_s or 0.0) if first else None
    return state.Signs(now=row.now, heard_at=row.heard_at, event_at=None, submitted_at=since)


async def _last_batch(session: AsyncSession, row: views.AnyRow) -> Any:
    query = select(Journal.heard_at, Journal.body).where(Journal.run_id == row.id)
    return (await session.execute(query.order_by(Journal.first_seq.desc()).limit(1))).one_or_none()
