"""Jobs as CSV, as spreadsheets and scripts read it; made in pieces, so that its size does not matter."""

from __future__ import annotations

import csv
import dataclasses
import datetime as dt
import io
import uuid
from collections.abc import AsyncIterator, Sequence
from typing import Any

from sqlalchemy import and_, or_, select

from flowo.db.engine import Database
from flowo.errors import Invalid
from flowo.runs import schemas, table, views
from flowo.runs.models import Job, JobState
from flowo.runs.queries import Workspaces, check

ROWS = 1_000  # read at once
FIXED = ("job", "rule", "status", "attempt", "threads", "queued_at", "started_at", "ended_at", "waited_s", "took_s",
         "group", "external_id", "reason")  # fmt: skip
FORMULA = ("=", "+", "-", "@", "\t", "\r")
MOST_RANGES = 4_000


def ranges(text: str) -> list[tuple[int, int]]:
    """`3,5-9` as pairs of first and last."""
    found = []
    for part in text.split(","):
        first, dash, last = part.partition("-")
        if not (first.isascii() and first.isdigit() and (not dash or (last.isascii() and last.isdigit()))):
            raise Invalid(f"`numbers` is a list such as 3,5-9; {part[:40]!r} is no part of one.", "query", "numbers")
        found.append((int(first), int(last) if dash else int(first)))
    if len(found) > MOST_RANGES or any(last >= 2**31 for _, last in found):
        raise Invalid(
            f"`numbers` holds at most {MOST_RANGES} parts, none beyond what a job's number can be.", "query", "numbers"
        )
    return found


def defused(text: str | None) -> str:
    """A text that no spreadsheet takes for a formula: an apostrophe in front says that it is text."""
    return "'" + text if text and text.startswith(FORMULA) else text or ""


@dataclasses.dataclass(frozen=True, slots=True)
class Export:
    """What is to be told of which run; made once it is known that the caller may read it."""

    database: Database
    run_id: uuid.UUID
    wanted: table.Filter
    numbers: Sequence[tuple[int, int]]
    wildcards: Sequence[str]

    async def lines(self) -> AsyncIterator[bytes]:
        """In the order of the jobs' numbers, which do not move while it is read."""
        yield _line([*FIXED, *(f"wildcard.{name}" if name in FIXED else defused(name) for name in self.wildcards)])
        after = -1
        while True:
            rows = await self._rows(after)
            if rows:
                yield b"".join(_line(self._cells(row)) for row in rows)
            if len(rows) < ROWS:
                return
            after = rows[-1].number

    async def _rows(self, after: int) -> Sequence[Any]:
        """A session for each piece: whoever reads slowly holds no connection."""
        async with self.database.session() as session:
            found = await table.where(session, self.run_id, self.wanted)
            if self.numbers:
                found.append(or_(*(JobState.number.between(first, last) for first, last in self.numbers)))
            return (
                await session.execute(
                    select(*views.JOB_COLUMNS, Job.facts["reason"].astext.label("reason"))
                    .outerjoin(
                        Job, and_(Job.run_id == JobState.run_id, Job.number == JobState.number, Job.number > after)
                    )
                    .where(*found, JobState.number > after).order_by(JobState.number).limit(ROWS)
                )
            ).all()  # fmt: skip

    def _cells(self, row: Any) -> list[str]:
        job: schemas.Job = views.job(row)
        return [
            str(job.number), defused(job.rule), job.status, str(job.attempt),
            "" if job.threads is None else str(job.threads),
            *(moment.isoformat() if moment else "" for moment in (job.queued_at, job.started_at, job.ended_at)),
            _seconds(job.queued_at, job.started_at, job.queue_seconds),
            _seconds(job.started_at, job.ended_at, job.run_seconds),
            defused(job.group), defused(job.external_id), defused(row.reason),
            *(defused(job.wildcards.get(name)) for name in self.wildcards),
        ]  # fmt: skip


async def export(
    database: Database, workspaces: Workspaces, run_id: uuid.UUID, wanted: table.Filter, numbers: str | None
) -> Export:
    """NotFound for a run that the caller may not see, before anything is sent."""
    async with database.session() as session:
        await check(session, workspaces, run_id)
        names = await table.wildcard_names(session, run_id)
    table.words(wanted.q)
    return Export(database, run_id, wanted, ranges(numbers) if numbers else [], names)


def _seconds(since: dt.datetime | None, until: dt.datetime | None, told: float | None) -> str:
    """What was told of it, else between two moments."""
    if told is not None:
        return f"{told:.3f}"
    return f"{(until - since).total_seconds():.3f}" if since and until and until >= since else ""


def _line(cells: Sequence[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue().encode()
