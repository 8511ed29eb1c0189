"""Why a job has no end, or was never started: what `state.unfinished` goes by."""

from __future__ import annotations

from typing import Any

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from flowo.runs import schemas, state, views
from flowo.runs.models import Attempt, JobState


async def of_job(
    session: AsyncSession, run: views.AnyRow, row: views.AnyRow, plan: dict[str, Any] | None
) -> schemas.Unfinished | None:
    """`run` as `queries.find` gives it, with `declared`; `plan`: the whole one, None where there is none."""
    upstream = None
    if plan is not None and state.asks_graph(row.status, run.status, dry_run=run.dry_run):
        upstream = state.upstream_of(row.number, _needs(plan), await _spoilt(session, run))
    found = state.unfinished(
        row.status, run.status, dry_run=run.dry_run, declared=bool(run.declared), upstream=upstream,
        first_failure=(run.first_failure or {}).get("number"),
    )  # fmt: skip
    if found is None:
        return None
    return schemas.Unfinished(
        reason=found.reason, text=found.text, job=await _link(session, run, found.number)
    )  # fmt: skip


def _needs(plan: dict[str, Any]) -> dict[int, list[int]]:
    numbers, edges = plan["number"], plan["edges"]
    needs: dict[int, list[int]] = {}
    for above, below in zip(edges[::2], edges[1::2], strict=True):
        needs.setdefault(numbers[below], []).append(numbers[above])
    return needs


async def _spoilt(session: AsyncSession, run: views.AnyRow) -> dict[int, str]:
    """Jobs without success, by number. What ended with the interruption of its run is no reason of its own."""
    query = select(JobState.number, JobState.status).where(JobState.run_id == run.id)
    if run.status != state.INTERRUPTED:
        query = query.where(JobState.status.in_(("failed", "aborted")))
    else:
        last = and_(
            Attempt.run_id == JobState.run_id, Attempt.number == JobState.number, Attempt.attempt == JobState.attempt
        )
        query = query.outerjoin(Attempt, last).where(JobState.status == "failed")
        query = query.where(Attempt.facts["interrupted"].as_boolean().isnot(True))
    return dict((await session.execute(query)).tuples().all())


async def _link(session: AsyncSession, run: views.AnyRow, number: int | None) -> schemas.JobLink | None:
    if number is None:
        return None
    query = select(JobState.number, JobState.rule, JobState.status, JobState.wildcards)
    row = (await session.execute(query.where(JobState.run_id == run.id, JobState.number == number))).one_or_none()
    return (
        schemas.JobLink(number=row.number, rule=row.rule, status=row.status, wildcards=row.wildcards) if row else None
    )
