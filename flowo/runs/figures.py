"""What a run's rules took and why their jobs ran: counted over `job_state`, one narrow table, when somebody asks."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Sequence

from sqlalchemy import Float, case, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from flowo.runs import schemas
from flowo.runs.models import JobState
from flowo.runs.queries import Workspaces, check
from flowo.runs.reasons import Reason, names


async def of_run(session: AsyncSession, workspaces: Workspaces, run_id: uuid.UUID) -> schemas.Figures:
    await check(session, workspaces, run_id)
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


# Of the jobs that succeeded, by their last attempt. What an executor or a benchmark told goes before two moments.
_USAGE = text("""
WITH j AS (
  SELECT s.rule, s.threads,
         coalesce(s.run_s, CASE WHEN s.ended_at >= s.started_at
                                THEN date_part('epoch', s.ended_at - s.started_at) END) AS took,
         a.facts->'resources' AS asked, (a.facts->'figures'->>'max_rss')::float8 AS rss,
         (a.facts->'figures'->>'mean_load')::float8 AS load
  FROM job_state s LEFT JOIN attempt a ON a.run_id = s.run_id AND a.number = s.number AND a.attempt = s.attempt
  WHERE s.run_id = :run AND s.status = 'succeeded')
SELECT rule, count(took) AS timed, percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY took) AS took,
       max(took) AS longest, coalesce(sum(took), 0) AS total, max(threads) AS threads,
       max(CASE WHEN jsonb_typeof(asked->'mem_mb') = 'number' THEN (asked->>'mem_mb')::float8 END) AS mem_mb,
       max(CASE WHEN jsonb_typeof(asked->'runtime') = 'number' THEN (asked->>'runtime')::float8 END) AS runtime,
       count(rss) AS weighed, percentile_cont(ARRAY[0.95]) WITHIN GROUP (ORDER BY rss) AS rss, max(rss) AS most,
       count(load) AS loaded, percentile_cont(ARRAY[0.5]) WITHIN GROUP (ORDER BY load) AS load
FROM j GROUP BY rule HAVING count(took) > 0 OR count(rss) > 0 ORDER BY total DESC, rule""")


async def usage(session: AsyncSession, workspaces: Workspaces, run_id: uuid.UUID) -> schemas.Usage:
    """What the jobs of each rule took and used; the rule that took most of the run first."""
    await check(session, workspaces, run_id)
    rows = (await session.execute(_USAGE, {"run": run_id})).all()

    def figure(values: Sequence[float] | None, at: int) -> float | None:
        return values[at] if values else None

    return schemas.Usage(
        rules=[
            schemas.RuleUsage(
                rule=row.rule, timed=row.timed, median_seconds=figure(row.took, 0), p95_seconds=figure(row.took, 1),
                max_seconds=row.longest, total_seconds=row.total, threads=row.threads, mem_mb=row.mem_mb,
                runtime_minutes=row.runtime, weighed=row.weighed, p95_rss_mb=figure(row.rss, 0), max_rss_mb=row.most,
                loaded=row.loaded, median_load=figure(row.load, 0),
            )
            for row in rows
        ]
    )  # fmt: skip
