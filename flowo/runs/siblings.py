"""The runs of a workflow before and after one of them."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from flowo.runs import schemas, views
from flowo.runs.models import Run
from flowo.runs.queries import Workspaces, find

COLUMNS = (
    Run.id, views.NAME.label("shown_name"), Run.status, Run.started_at, Run.ended_at, Run.heard_at, Run.clock_offset_s,
    Run.planned, Run.queued, Run.running, Run.succeeded, Run.failed, Run.aborted, Run.skipped,
)  # fmt: skip


async def around(session: AsyncSession, workspaces: Workspaces, run_id: uuid.UUID, *, limit: int) -> schemas.Siblings:
    """At most `limit` of them, this run in the middle where there are enough on both sides."""
    row = await find(session, workspaces, run_id)
    key = tuple_(Run.created_at, Run.id)
    mine = (row.created_at, row.id)
    others = (
        select(*COLUMNS)
        .where(Run.workspace_id == row.workspace_id, Run.workflow == row.workflow, Run.dry_run.is_(False))
        .limit(limit)
    )
    earlier: list[Any] = []
    later: list[Any] = []
    if row.workflow:
        before = others.where(key < mine).order_by(Run.created_at.desc(), Run.id.desc())
        after = others.where(key > mine).order_by(Run.created_at, Run.id)
        earlier = list((await session.execute(before)).all())
        later = list((await session.execute(after)).all())
    room = limit - 1
    newer = min(len(later), max(room // 2, room - len(earlier)))
    items = [*reversed(earlier[: room - newer]), row, *later[:newer]]
    return schemas.Siblings(
        items=[sibling(one) for one in items],
        previous=earlier[0].id if earlier else None,
        next=later[0].id if later else None,
    )


def sibling(row: views.AnyRow) -> schemas.Sibling:
    # A run without an end took until it was last heard of, told by its own clock.
    end = row.ended_at or row.heard_at - dt.timedelta(seconds=row.clock_offset_s or 0.0)
    took = (end - row.started_at).total_seconds() if row.started_at else None
    if took is not None and took < 0:
        took = None if row.ended_at else 0.0  # a clock that was set back tells no duration
    return schemas.Sibling(
        id=row.id, name=row.shown_name, status=row.status, started_at=row.started_at, ended_at=row.ended_at,
        clock_offset=row.clock_offset_s or 0.0,
        seconds=took,
        jobs=views.counts(views.counts_of(row)),
    )  # fmt: skip
