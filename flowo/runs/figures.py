"""What a run's rules took and why their jobs ran: counted over `job_state`, one narrow table, when somebody asks."""

from __future__ import annotations

import uuid
from collections import Counter

from sqlalchemy import Float, case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from flowo.runs import schemas
from flowo.runs.models import JobState
from flowo.runs.queries import Workspaces, find
from flowo.runs.reasons import Reason, names


async def of_run(session: AsyncSession, workspaces: Workspaces, run_id: uuid.UUID) -> schemas.Figures:
    await find(session, workspaces, run_id)
    medians = await _medians(session, run_id)
    by_rule: dict[str, Counter[Reason]] = {}
    jobs = 0
    counted = await session.execute(
        select(JobState.rule, JobState.reasons, func.count())
        .where(JobState.run_id == run_id, JobState.reasons != 0)
        .group_by(JobState.rule, JobState.reasons)
    )
    for rule, held, many in counted:
        jobs += many
        of_rule = by_rule.setdefault(rule, Counter())
        for reason in names(held):
            of_rule[reason] += many
    total = sum(by_rule.values(), Counter[Reason]())
    return schemas.Figures(
        jobs=jobs,
        reasons=dict(total.most_common()),
        rules=[
            schemas.RuleFigures(
                rule=rule, median_seconds=medians.get(rule), reasons=dict(by_rule.get(rule, Counter()).most_common())
            )
            for rule in sorted({*medians, *by_rule})
        ],
    )


async def _medians(session: AsyncSession, run_id: uuid.UUID) -> dict[str, float]:
    """Seconds, by rule. What an executor or a benchmark told goes before the difference of two moments."""
    between = func.date_part("epoch", JobState.ended_at - JobState.started_at, type_=Float)
    took = func.coalesce(JobState.run_s, case((JobState.ended_at >= JobState.started_at, between)))
    median = func.percentile_cont(0.5).within_group(took)
    rows = await session.execute(
        select(JobState.rule, median)
        .where(JobState.run_id == run_id, JobState.status == "succeeded")
        .group_by(JobState.rule)
    )
    return {rule: seconds for rule, seconds in rows.tuples() if seconds is not None}
