"""From rows to what the API says: totals, progress and the estimate by the rules of `state`."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from flowo.accounts.models import Workspace
from flowo.runs import reasons, schemas, state
from flowo.runs.models import JobState, RuleCount, Run

AnyRow = Row[Any]

NAME: ColumnElement[str] = func.coalesce(Run.name, Run.reported_name)
TAGS: ColumnElement[list[str]] = func.coalesce(Run.tags, Run.reported_tags)
RUN_COLUMNS = (
    Run.id, NAME.label("shown_name"), Run.status, TAGS.label("shown_tags"), Run.note, Run.workflow, Run.workspace_id,
    Workspace.slug.label("workspace"), Run.host, Run.username, Run.started_at, Run.ended_at, Run.heard_at,
    Run.lost_since, Run.dry_run, Run.imported, Run.planned, Run.queued, Run.running, Run.succeeded, Run.failed,
    Run.aborted, Run.skipped, Run.first_failure, Run.revision, Run.reset_revision, Run.clock_offset_s, Run.created_at,
    Run.changed_at,
    func.clock_timestamp().label("now"),
)  # fmt: skip
JOB_COLUMNS = (
    JobState.number, JobState.rule, JobState.status, JobState.attempt, JobState.queued_at, JobState.started_at,
    JobState.ended_at, JobState.group, JobState.external_id, JobState.threads, JobState.wildcards,
    JobState.queue_s, JobState.run_s, JobState.reasons,
)  # fmt: skip

EARLIER_RUNS = 5  # of the same workflow that the estimate goes by


def counts_of(row: Any) -> state.Counts:
    return state.Counts(*(getattr(row, status) for status in state.JOB_STATUSES))


def counts(known: state.Counts) -> schemas.JobCounts:
    return schemas.JobCounts(total=known.total, **{s: getattr(known, s) for s in state.JOB_STATUSES})


def job(row: AnyRow) -> schemas.Job:
    return schemas.Job(**job_fields(row))


def job_fields(row: AnyRow) -> dict[str, Any]:
    """The fields of `schemas.Job`, as its JSON has them but for the moments. `row` begins with `JOB_COLUMNS`: by name
    each would cost ten times as much."""
    (
        number, rule, status, attempt, queued_at, started_at, ended_at, group, external_id, threads, wildcards,
        queue_s, run_s, why,
    ) = row[: len(JOB_COLUMNS)]  # fmt: skip
    queue, run = queue_s, run_s
    if queue_s is None and run_s is None:
        queue, run, _ = state.timing(queued_at, started_at, ended_at)
    return {
        "number": number, "rule": rule, "status": status, "wildcards": wildcards or {}, "attempt": attempt,
        "threads": threads, "queued_at": queued_at, "started_at": started_at, "ended_at": ended_at, "group": group,
        "external_id": external_id, "queue_seconds": queue, "run_seconds": run, "reasons": reasons.names(why),
    }  # fmt: skip


def run(row: AnyRow, eta: schemas.Eta | None) -> schemas.Run:
    return schemas.Run(**run_fields(row, eta))


def run_fields(row: AnyRow, eta: schemas.Eta | None) -> dict[str, Any]:
    known = counts_of(row)
    return {
        "id": row.id, "name": row.shown_name, "status": row.status, "tags": row.shown_tags, "note": row.note,
        "workflow": row.workflow, "workspace": row.workspace, "host": row.host, "user": row.username,
        "started_at": row.started_at, "ended_at": row.ended_at, "last_heard_at": row.heard_at,
        "lost_since": row.lost_since, "dry_run": row.dry_run, "imported": row.imported, "jobs": counts(known),
        "progress": state.progress(known, row.status), "eta": eta,
        "first_failure": schemas.FirstFailure.model_validate(row.first_failure) if row.first_failure else None,
        "clock_offset": row.clock_offset_s or 0.0, "revision": row.revision,
    }  # fmt: skip


def rules(rows: Sequence[AnyRow], *, plan: bool, ended: bool) -> list[schemas.RuleCounts]:
    """The counters by rule, what run_info announced included; rules without any job left out."""
    result = []
    for row in rows:
        shown = state.unseen(counts_of(row), row.expected, plan=plan, ended=ended)
        if shown.total:
            mean = row.seconds / row.timed if row.timed else None
            result.append(schemas.RuleCounts(rule=row.rule, jobs=counts(shown), mean_seconds=mean))
    return result


async def rule_rows(session: AsyncSession, run_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, list[AnyRow]]:
    """The counters by rule of some runs, as rows: entities cost three times as much, and nothing is changed here."""
    table = RuleCount.__table__
    query = select(*table.c).where(table.c.run_id.in_(run_ids)).order_by(table.c.rule)
    found: dict[uuid.UUID, list[AnyRow]] = {run_id: [] for run_id in run_ids}
    for row in await session.execute(query):
        found[row.run_id].append(row)
    return found


async def etas(
    session: AsyncSession, rows: Sequence[AnyRow], here: Mapping[uuid.UUID, list[AnyRow]] | None = None
) -> dict[uuid.UUID, schemas.Eta]:
    """The estimates of the running runs among `rows`; `here`: their counters by rule, where they are at hand."""
    live = [row for row in rows if row.status == "running" and row.started_at and not row.dry_run]
    if not live:
        return {}
    if here is None:
        here = await rule_rows(session, [row.id for row in live])
    earlier = await _earlier(session, {(row.workspace_id, row.workflow) for row in live})
    result: dict[uuid.UUID, schemas.Eta] = {}
    for row in live:
        own = here[row.id]
        open_jobs: dict[str, int] = {}
        for rule in own:
            known = counts_of(rule)
            left = max(known.total, rule.expected) - known.succeeded - known.failed - known.aborted - known.skipped
            if left > 0:
                open_jobs[rule.rule] = left
        spread = state.remaining(
            open_jobs,
            {rule.rule: state.Pace(rule.timed, rule.seconds) for rule in own if rule.timed},
            earlier.get((row.workspace_id, row.workflow), {}),
            elapsed_s=(row.now - row.started_at).total_seconds() - (row.clock_offset_s or 0.0),
            busy_now=row.running,
        )
        if spread:
            result[row.id] = schemas.Eta(low=round(spread.low, 1), high=round(spread.high, 1), rough=spread.rough)
    return result


async def _earlier(
    session: AsyncSession, workflows: set[tuple[uuid.UUID, str]]
) -> dict[tuple[uuid.UUID, str], dict[str, state.Pace]]:
    """Durations by rule over the latest runs of each workflow that ended."""
    result: dict[tuple[uuid.UUID, str], dict[str, state.Pace]] = {}
    for workspace_id, workflow in workflows:
        rows = await session.execute(
            text(
                """SELECT c.rule, sum(c.timed)::int, sum(c.seconds) FROM
                     (SELECT id FROM run WHERE workspace_id = :w AND workflow = :f AND ended_at IS NOT NULL
                      ORDER BY created_at DESC, id DESC LIMIT :n) AS r
                   JOIN rule_count c ON c.run_id = r.id WHERE c.timed > 0 GROUP BY c.rule"""
            ),
            {"w": workspace_id, "f": workflow, "n": EARLIER_RUNS},
        )
        result[workspace_id, workflow] = {rule: state.Pace(timed, seconds) for rule, timed, seconds in rows}
    return result


async def runs(session: AsyncSession, rows: Sequence[AnyRow]) -> list[schemas.Run]:
    estimates = await etas(session, rows)
    return [run(row, estimates.get(row.id)) for row in rows]
