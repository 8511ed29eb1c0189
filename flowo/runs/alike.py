"""Failures by what they have in common, where the same was seen before, and the command that tries again."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable
from typing import Any

from sqlalchemy import and_, func, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from flowo.runs import cursors, rerun, schemas, table
from flowo.runs.models import Attempt, Failure, Job, JobState, Run
from flowo.runs.queries import Workspaces, find, rule_counts

JOBS = 12  # shown of those that are alike
EARLIER_RUNS = 50  # of the workflow that are looked at
SEEN = 5  # of these that are shown
# Of the first, for all that are like it.
TOLD = ("class", "evidence", "exit_code", "signal", "line", "last_line", "message")
_JOB = and_(JobState.run_id == Failure.run_id, JobState.number == Failure.number)

_SEEN = text(
    """WITH earlier AS (
         SELECT r.* FROM unnest(CAST(:workspaces AS uuid[])) AS w(id) CROSS JOIN LATERAL (
           SELECT id, created_at, started_at, coalesce(name, reported_name) AS name,
                  coalesce(clock_offset_s, 0) AS clock_offset FROM run
           WHERE workspace_id = w.id AND workflow = :workflow AND (created_at, id) < (:created_at, :run)
           ORDER BY created_at DESC, id DESC LIMIT :most) AS r
         ORDER BY r.created_at DESC, r.id DESC LIMIT :most)
       SELECT f.signature, e.id, e.name, e.started_at, e.clock_offset, f.many FROM earlier e CROSS JOIN LATERAL (
         SELECT signature, count(*) AS many FROM failure
         WHERE run_id = e.id AND signature = ANY(CAST(:signatures AS text[])) GROUP BY signature) AS f
       ORDER BY e.created_at DESC, e.id DESC"""
)


async def groups(
    session: AsyncSession,
    workspaces: Workspaces,
    run_id: uuid.UUID,
    wanted: table.Filter = table.Filter(),
    *,
    limit: int = 50,
    cursor: str | None = None,
) -> schemas.Page[schemas.Alike]:
    """Failures that are alike as one, by the first of each, the earliest first."""
    run = await find(session, workspaces, run_id)
    where: list[Any] = [Failure.run_id == run_id]
    if wanted:
        where += [_JOB, *await table.where(session, run_id, wanted)]
    first_at = func.min(Failure.at)
    query = (
        select(Failure.signature, func.count().label("count"), first_at.label("first_at"),
               func.max(Failure.at).label("last_at"))
        .where(*where).group_by(Failure.signature)
        .order_by(first_at, Failure.signature).limit(limit + 1)
    )  # fmt: skip
    if cursor:
        key = cursors.decode(cursor, cursors.moment, cursors.word)
        query = query.having(tuple_(first_at, Failure.signature) > key)
    found = (await session.execute(query)).all()
    shown = found[:limit]
    signatures = [row.signature for row in shown]
    first = await _first_of_each(session, run_id, signatures, where)
    seen = await _seen(session, workspaces, run, [one for one in signatures if one])
    told = await _told(session, run_id, (jobs[0] for jobs in first.values()))
    items = [_alike(row, first[row.signature], told, seen.get(row.signature, [])) for row in shown
             if row.signature in first]  # fmt: skip
    failure = run.first_failure
    if not items and not cursor and not wanted and failure and failure.get("number") is None:
        at = failure.get("at")
        items = [_beside_jobs(failure, dt.datetime.fromisoformat(at) if at else None)]
    last = shown[-1] if len(found) > limit else None
    return schemas.Page(
        items=items, next=cursors.encode(last.first_at.isoformat(), last.signature) if last else None
    )  # fmt: skip


async def _first_of_each(
    session: AsyncSession, run_id: uuid.UUID, signatures: list[str], where: list[Any]
) -> dict[str, list[Any]]:
    """The first jobs of each signature."""
    rank = func.row_number().over(partition_by=Failure.signature, order_by=(Failure.at, Failure.number))
    one = (
        select(Failure.signature, Failure.number, Failure.at, rank.label("place"))
        .where(*where, Failure.signature.in_(signatures))
        .subquery()
    )
    places = (
        await session.execute(
            select(one.c.signature, one.c.number).where(one.c.place <= JOBS).order_by(one.c.at, one.c.number)
        )
    ).all()
    jobs = await session.execute(
        select(JobState.number, JobState.rule, JobState.wildcards, JobState.attempt).where(
            JobState.run_id == run_id, JobState.number.in_([place.number for place in places])
        )
    )
    by_number = {job.number: job for job in jobs}
    found: dict[str, list[Any]] = {}
    for place in places:
        if job := by_number.get(place.number):
            found.setdefault(place.signature, []).append(job)
    return found


async def _told(session: AsyncSession, run_id: uuid.UUID, jobs: Iterable[Any]) -> dict[int, dict[str, Any]]:
    """What is known of the last attempts of these jobs, by number."""
    last = {job.number: job.attempt for job in jobs}
    told = (Attempt.facts[key].label(key) for key in TOLD)
    rows = await session.execute(
        select(Attempt.number, Attempt.attempt, *told).where(Attempt.run_id == run_id, Attempt.number.in_(last))
    )
    return {row.number: dict(row._mapping) for row in rows if row.attempt == last[row.number]}


async def _seen(
    session: AsyncSession, workspaces: Workspaces, run: Any, signatures: list[str]
) -> dict[str, list[schemas.SeenIn]]:
    found: dict[str, list[schemas.SeenIn]] = {}
    if not signatures or not run.workflow:
        return found
    rows = await session.execute(
        _SEEN,
        {"workspaces": list(workspaces), "workflow": run.workflow, "created_at": run.created_at, "run": run.id,
         "most": EARLIER_RUNS, "signatures": signatures},
    )  # fmt: skip
    for signature, run_id, name, started_at, offset, many in rows:
        seen = schemas.SeenIn(id=run_id, name=name, started_at=started_at, clock_offset=offset, count=many)
        found.setdefault(signature, []).append(seen)
    return found


def _alike(
    row: Any, jobs: list[Any], told: dict[int, dict[str, Any]], seen: list[schemas.SeenIn]
) -> schemas.Alike:  # fmt: skip
    one = told.get(jobs[0].number) or dict.fromkeys(TOLD)
    return schemas.Alike(
        signature=row.signature, count=row.count, rule=jobs[0].rule, error_class=one["class"],
        evidence=one["evidence"], exit_code=one["exit_code"], signal=one["signal"],
        line=one["line"] or _last_line(one["message"]), last_line=one["last_line"],
        first_at=row.first_at, last_at=row.last_at,
        jobs=[schemas.AlikeJob(number=job.number, wildcards=job.wildcards or {}) for job in jobs],
        seen=seen[:SEEN], seen_total=len(seen),
    )  # fmt: skip


def _beside_jobs(failure: dict[str, Any], at: dt.datetime | None) -> schemas.Alike:
    """A run that failed without a failed job."""
    return schemas.Alike(
        signature="", count=1, rule=None, error_class=None, evidence=None, exit_code=None, signal=None,
        line=_last_line(failure.get("message")), last_line=None, first_at=at, last_at=at,
        jobs=[], seen=[], seen_total=0,
    )  # fmt: skip


def _last_line(message: str | None) -> str:
    return (message or "").strip().rpartition("\n")[2].strip()


async def again(session: AsyncSession, workspaces: Workspaces, run_id: uuid.UUID) -> schemas.Rerun:
    """The run's own command, cut to what failed."""
    run = await find(session, workspaces, run_id, Run.facts, Run.directory)
    argv: list[str] = run.facts.get("command") or []
    if not run.failed or not argv:
        return schemas.Rerun(command=None, jobs=run.failed, whole_rules=False, masked=False)
    rows = (
        await session.execute(
            select(JobState.rule, Job.facts["outputs"].label("outputs"))
            .select_from(Failure)
            .join(JobState, and_(JobState.run_id == Failure.run_id, JobState.number == Failure.number))
            .outerjoin(Job, and_(Job.run_id == Failure.run_id, Job.number == Failure.number))
            .where(Failure.run_id == run_id)
            .order_by(Failure.at, Failure.number).limit(rerun.MOST_FILES + 1)
        )
    ).all()  # fmt: skip
    rules = await rule_counts(session, run)
    whole = len(rows) > rerun.MOST_FILES
    if whole:
        failed = [rerun.Failed(rule.rule, ()) for rule in rules if rule.jobs.failed]
    else:
        failed = [rerun.Failed(row.rule, row.outputs or ()) for row in rows]
    words = rerun.command(argv, rerun.targets(failed, {rule.rule for rule in rules}))
    return schemas.Rerun(
        command=rerun.shell(run.directory, words), jobs=run.failed, whole_rules=whole,
        masked=any(rerun.MASK in word for word in words),
    )  # fmt: skip
