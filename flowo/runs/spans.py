"""What is drawn of a run as a whole: every attempt in columns, which jobs a filter leaves, whose value a job has.

PostgreSQL makes the columns: 100,000 rows of a dozen values cost the driver a second, a dozen arrays a tenth of that.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from flowo.runs import grid, schemas, table
from flowo.runs.models import JobState, Run
from flowo.runs.queries import Workspaces, check, find
from flowo.runs.state import FOUND_OF_FAILURES, JOB_STATUSES

# Queue and run time of a job's last attempt stand with its state; only those of earlier ones are looked for in facts.
# An attempt without a status is one of which nothing but facts was told. A figure may be any number.
_COLUMNS = text(f"""
WITH a AS (
  SELECT a.number, a.attempt::int, s.rule, coalesce(nullif(a.status, ''), 'failed') AS status, s.threads,
         a.attempt = s.attempt AND s.status = 'planned' AS again,
         date_part('epoch', a.queued_at - CAST(:base AS timestamptz)) AS queued,
         date_part('epoch', a.started_at - CAST(:base AS timestamptz)) AS started,
         date_part('epoch', a.ended_at - CAST(:base AS timestamptz)) AS ended,
         CASE WHEN a.attempt = s.attempt THEN s.queue_s ELSE (a.facts->'timing'->>'queue')::float8 END AS queue_s,
         CASE WHEN a.attempt = s.attempt THEN s.run_s ELSE (a.facts->'timing'->>'run')::float8 END AS run_s,
         a.facts->'resources'->'mem_mb' AS mem, a.facts->'figures' AS figures
  FROM attempt a JOIN job_state s ON s.run_id = a.run_id AND s.number = a.number
  WHERE a.run_id = :run AND (a.status <> '' OR a.facts ?| ARRAY{list(FOUND_OF_FAILURES)})
  ORDER BY a.number, a.attempt)
SELECT array_agg(number) AS number, array_agg(attempt) AS attempt, array_agg(rule) AS rule,
       array_agg(status) AS status, array_agg(threads) AS threads, array_agg((queued * 1000)::int8) AS queued,
       array_agg((started * 1000)::int8) AS started, array_agg((ended * 1000)::int8) AS ended,
       array_agg(CASE WHEN queue_s BETWEEN 0 AND 1e10 THEN (queue_s * 1000)::int8 END) AS queue,
       array_agg(CASE WHEN run_s BETWEEN 0 AND 1e10 THEN (run_s * 1000)::int8 END) AS run,
       array_agg(CASE WHEN jsonb_typeof(mem) = 'number' THEN mem::float8 END) AS mem,
       array_agg((figures->>'max_rss')::float8) AS max_rss, array_agg((figures->>'mean_load')::float8) AS mean_load,
       array_agg(number) FILTER (WHERE again) AS again
FROM a""")

_STATUS = {status: index for index, status in enumerate(JOB_STATUSES)}


def _known(column: Sequence[Any]) -> list[Any]:
    """Nothing where nothing is known."""
    return [] if all(value is None for value in column) else list(column)


async def spans(session: AsyncSession, workspaces: Workspaces, run_id: uuid.UUID) -> schemas.Spans:
    """All attempts by number; jobs that were never tried have none."""
    run = await find(session, workspaces, run_id, Run.rulegraph)
    base: dt.datetime = run.started_at or run.created_at
    base = base.replace(microsecond=base.microsecond // 1000 * 1000)  # what a page can subtract from exactly
    row = (await session.execute(_COLUMNS, {"run": run_id, "base": base})).one()
    statuses = [schemas.JobStatus(status) for status in JOB_STATUSES]
    if row.number is None:
        return schemas.Spans(base=base, rules=[], statuses=statuses)
    stored = run.rulegraph or {"nodes": [], "links": []}
    links = [(stored["nodes"][a], stored["nodes"][b]) for a, b in stored["links"]]
    rules = grid.ordered(sorted(set(row.rule)), links)
    place = {rule: index for index, rule in enumerate(rules)}
    return schemas.Spans(
        base=base, rules=rules, statuses=statuses, number=row.number, attempt=row.attempt,
        rule=[place[rule] for rule in row.rule], status=[_STATUS[status] for status in row.status],
        queued=row.queued, started=row.started, ended=row.ended,
        queue=_known(row.queue), run=_known(row.run), threads=_known(row.threads), mem_mb=_known(row.mem),
        max_rss_mb=_known(row.max_rss), mean_load=_known(row.mean_load), again=row.again or [],
    )  # fmt: skip


async def matches(
    session: AsyncSession, workspaces: Workspaces, run_id: uuid.UUID, wanted: table.Filter
) -> schemas.Matches:
    """The numbers of the jobs that the filters leave, neighbours as one."""
    await check(session, workspaces, run_id)
    place = func.row_number().over(order_by=JobState.number)
    left = select(JobState.number, (JobState.number - place).label("island"))
    found = left.where(*await table.where(session, run_id, wanted)).subquery()
    first, last = func.min(found.c.number), func.max(found.c.number)
    rows = await session.execute(select(first, last).group_by(found.c.island).order_by(first))
    flat = [number for pair in rows for number in pair]
    return schemas.Matches(count=sum(b - a + 1 for a, b in zip(flat[::2], flat[1::2], strict=True)), ranges=flat)


async def values(session: AsyncSession, workspaces: Workspaces, run_id: uuid.UUID, wildcard: str) -> schemas.JobValues:
    """Which value of a wildcard each job has; jobs without it are left out."""
    await check(session, workspaces, run_id)
    value = JobState.wildcards[wildcard].astext
    rows = await session.execute(
        select(value, func.array_agg(JobState.number)).where(JobState.run_id == run_id, value.is_not(None))
        .group_by(value).order_by(value)
    )  # fmt: skip
    found = rows.tuples().all()
    return schemas.JobValues(
        wildcard=wildcard, values=[name for name, _ in found],
        number=[number for _, numbers in found for number in numbers],
        value=[index for index, (_, numbers) in enumerate(found) for _ in numbers],
    )  # fmt: skip
