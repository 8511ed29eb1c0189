"""What people change: names, tags, notes; runs deleted, lost ones declared ended."""

from __future__ import annotations

import uuid

from sqlalchemy import delete, func, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from flowo.db.engine import Driver
from flowo.errors import Conflict
from flowo.runs import schemas, state
from flowo.runs.models import Deleted, Run

# The earliest failure that still stands; `$2` where no job failed.
FIRST_FAILURE = """
UPDATE run SET first_failure = coalesce((
  SELECT jsonb_strip_nulls(jsonb_build_object(
    'number', s.number, 'rule', s.rule, 'wildcards', s.wildcards, 'attempt', s.attempt, 'at', s.ended_at,
    'exit_code', a.facts->'exit_code', 'signal', a.facts->'signal', 'class', a.facts->'class',
    'evidence', a.facts->'evidence', 'message', left(a.facts->>'message', 4000)))
  FROM (SELECT number FROM failure WHERE run_id = $1 ORDER BY at, number LIMIT 1) AS f
  JOIN job_state s ON s.run_id = $1 AND s.number = f.number
  LEFT JOIN attempt a ON a.run_id = $1 AND a.number = s.number AND a.attempt = s.attempt), $2::text::jsonb)
WHERE id = $1"""

# Wildcard values that no job has any more, after jobs went away.
WILDCARDS_LEFT = """
DELETE FROM wildcard w WHERE run_id = $1 AND (name, value) NOT IN (
  SELECT k, v FROM job_state s CROSS JOIN LATERAL jsonb_each_text(s.wildcards) AS e(k, v) WHERE s.run_id = $1)"""


# Which failures those of the jobs `$2` are like.
SIGNATURES = """
UPDATE failure f SET signature = a.facts->>'signature' FROM job_state s, attempt a
WHERE f.run_id = $1 AND f.number = ANY($2::int[]) AND s.run_id = f.run_id AND s.number = f.number
  AND a.run_id = f.run_id AND a.number = f.number AND a.attempt = s.attempt
  AND f.signature IS DISTINCT FROM a.facts->>'signature' AND a.facts ? 'signature'"""


async def patch(session: AsyncSession, run_id: uuid.UUID, change: schemas.RunPatch) -> None:
    values = {
        "name": change.name.strip() or None if change.name is not None else None,
        "tags": sorted({tag.strip()[:100] for tag in change.tags if tag.strip()}) if change.tags is not None else None,
        "note": change.note,
    }
    given = {key: values[key] for key in change.model_fields_set if getattr(change, key) is not None}
    if given:
        await session.execute(
            update(Run).where(Run.id == run_id)
            .values(**given, revision=Run.revision + 1, changed_at=func.clock_timestamp())
        )  # fmt: skip


async def remove(session: AsyncSession, run_id: uuid.UUID, workspace_id: uuid.UUID) -> None:
    """The run goes with all its rows; what a sender still has of it is refused from now on."""
    await session.execute(delete(Run).where(Run.id == run_id))
    # After the rows, which may be hundreds of thousands: lists look back from now by two seconds only.
    gone = insert(Deleted).values(run_id=run_id, workspace_id=workspace_id, deleted_at=func.clock_timestamp())
    await session.execute(gone.on_conflict_do_nothing())


async def declare_ended(pg: Driver, run_id: uuid.UUID) -> None:
    """A person says that a lost run has ended: its jobs end as always, when it was last heard of (by its own clock)."""
    row = await pg.fetchrow(
        """SELECT status, lost_since - make_interval(secs => coalesce(clock_offset_s, 0)) AS at
           FROM run WHERE id = $1 FOR UPDATE""",
        run_id,
    )  # fmt: skip
    if row is None or row["status"] != state.LOST:
        raise Conflict("Only a lost run can be declared ended; this one is not lost.")
    rows = await pg.fetch(
        """SELECT number, rule, status, attempt, queued_at, started_at, ended_at FROM job_state
           WHERE run_id = $1 AND status = ANY($2::text[])""",
        run_id, list(state.OPEN),
    )  # fmt: skip
    jobs = [state.Job(*r) for r in rows]
    counts: dict[str, state.Counts] = {}
    for job in jobs:
        counts.setdefault(job.rule, state.Counts()).add(job.status, -1)
        state.closed(job, row["at"])
        counts[job.rule].add(job.status, 1)
    await pg.execute(
        """UPDATE job_state s SET status = u.status, ended_at = u.ended_at
           FROM unnest($2::int[], $3::text[], $4::timestamptz[]) AS u(number, status, ended_at)
           WHERE s.run_id = $1 AND s.number = u.number""",
        run_id, [j.number for j in jobs], [j.status for j in jobs], [j.ended_at for j in jobs],
    )  # fmt: skip
    await pg.execute(
        """UPDATE attempt a SET status = s.status, ended_at = s.ended_at FROM job_state s
           WHERE a.run_id = $1 AND s.run_id = $1 AND s.number = a.number AND s.attempt = a.attempt
             AND s.status = 'aborted'""",
        run_id,
    )
    for rule, delta in counts.items():
        moved = ", ".join(f"{s} = {s} + {getattr(delta, s):d}" for s in state.JOB_STATUSES)
        await pg.execute(f"UPDATE rule_count SET {moved} WHERE run_id = $1 AND rule = $2", run_id, rule)
    await pg.execute(
        """INSERT INTO failure (run_id, number, at) SELECT run_id, number, ended_at FROM job_state
           WHERE run_id = $1 AND status = 'failed' AND number = ANY($2::int[]) ON CONFLICT DO NOTHING""",
        run_id, [j.number for j in jobs if j.status == "failed"],
    )  # fmt: skip
    await pg.execute(SIGNATURES, run_id, [j.number for j in jobs if j.status == "failed"])
    await pg.execute(FIRST_FAILURE, run_id, None)
    # What run_info announced and nobody ever saw was planned, and is skipped now.
    await pg.execute(
        """UPDATE run SET revision = revision + 1, reset_revision = revision + 1, status = $2,
             ended_at = $3, lost_since = NULL, changed_at = clock_timestamp(),
             fold = fold || '{"declared": true}',
             queued = c.queued, running = c.running, failed = c.failed, aborted = c.aborted,
             skipped = run.planned + run.queued + run.running + run.succeeded + run.failed + run.aborted + run.skipped
                       - c.queued - c.running - c.succeeded - c.failed - c.aborted,
             planned = 0
           FROM (SELECT coalesce(sum(queued), 0)::int AS queued, coalesce(sum(running), 0)::int AS running,
                        coalesce(sum(succeeded), 0)::int AS succeeded, coalesce(sum(failed), 0)::int AS failed,
                        coalesce(sum(aborted), 0)::int AS aborted FROM rule_count WHERE run_id = $1) AS c
           WHERE id = $1""",
        run_id, state.DECLARED_ENDED, row["at"],
    )  # fmt: skip
