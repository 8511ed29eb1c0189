"""What differs since a revision, asked in one snapshot: the stream's query."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection
from typing import Any, Literal

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from flowo.accounts.models import Workspace
from flowo.runs import schemas, views
from flowo.runs.models import Deleted, JobState, Journal, Run
from flowo.runs.state import ENDED

MOST_JOBS = 2_000  # changed jobs in one message; above it the page asks again for what it shows
MOST_RUNS = 200
LONG_AGO = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
OVERLAP_S = 2.0  # the run list has no counter: transactions that began earlier may commit later


async def of_run(session: AsyncSession, run_id: uuid.UUID, since: int | None) -> schemas.RunMessage | None:
    """What changed in a run above `since` (None: only how it stands); None when nothing did.

    Rights were asked before: a topic is opened for those who may read the run. The session must be a snapshot.
    """
    row = (
        await session.execute(
            select(*views.RUN_COLUMNS, Run.fold["generation"].as_integer().label("generation"))
            .join(Workspace, Workspace.id == Run.workspace_id)
            .where(Run.id == run_id)
        )
    ).one_or_none()
    topic = f"run:{run_id}"
    if row is None:
        now: dt.datetime = (await session.execute(select(func.clock_timestamp()))).scalar_one()
        return schemas.RunMessage(
            topic=topic, revision=0, now=now, run=None, rules=[], jobs=[], resync=[], deleted=True
        )
    if since == row.revision:
        return None
    resync: list[Literal["jobs", "graph", "run"]] = []
    jobs: list[schemas.Job] = []
    if since is not None and since > row.revision:  # of a database that an older copy took the place of
        resync = ["jobs", "graph", "run"]
    elif since is not None:
        if row.reset_revision > since:
            resync = ["jobs", "graph", "run"]
        moved = select(func.unnest(Journal.moved)).where(Journal.run_id == run_id, Journal.revision > since)
        changed = (
            await session.execute(
                select(*views.JOB_COLUMNS)
                .where(JobState.run_id == run_id, JobState.number.in_(moved.distinct().limit(MOST_JOBS + 1)))
                .limit(MOST_JOBS + 1)
            )
        ).all()
        if len(changed) > MOST_JOBS:
            resync = sorted({*resync, "jobs", "graph"})
        else:
            jobs = [views.job(job) for job in changed]
    counted = await views.rule_rows(session, [run_id])
    estimates = await views.etas(session, [row], counted)
    return schemas.RunMessage(
        topic=topic,
        revision=row.revision,
        now=row.now,
        run=views.run(row, estimates.get(run_id)),
        rules=views.rules(counted[run_id], plan=bool(row.generation), ended=row.status in ENDED),
        jobs=jobs,
        resync=resync,
    )


async def of_runs(
    session: AsyncSession, workspaces: Collection[uuid.UUID], since: dt.datetime | None
) -> tuple[schemas.RunsMessage, dict[uuid.UUID, int]]:
    """The runs of these workspaces that changed since shortly before `since` (None: now), and their revisions."""
    now: dt.datetime = (await session.execute(select(func.clock_timestamp()))).scalar_one()
    edge = max(since or now, LONG_AGO) - dt.timedelta(seconds=OVERLAP_S)
    rows: list[Any] = list(
        (
            await session.execute(
                select(*views.RUN_COLUMNS)
                .join(Workspace, Workspace.id == Run.workspace_id)
                .where(Run.workspace_id.in_(workspaces), Run.changed_at > edge)
                .order_by(Run.changed_at)
                .limit(MOST_RUNS + 1)
            )
        ).all()
    )
    gone = await session.scalars(
        select(Deleted.run_id).where(Deleted.workspace_id.in_(workspaces), Deleted.deleted_at > edge)
    )
    resync = len(rows) > MOST_RUNS
    rows = [] if resync else rows
    message = schemas.RunsMessage(now=now, runs=await views.runs(session, rows), deleted=list(gone), resync=resync)
    return message, {row.id: row.revision for row in rows}
