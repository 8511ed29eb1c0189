"""Reads of a run's jobs beside their table: one job in full, failures, the graph."""

from __future__ import annotations

import uuid
import zlib
from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import and_, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from flowo.errors import NotFound
from flowo.runs import cursors, place, schemas, state, table, unfinished, views
from flowo.runs.models import Attempt, Blob, Failure, Job, JobState, Plan, Run
from flowo.runs.queries import Workspaces, check, find

_SAME = and_(Job.run_id == JobState.run_id, Job.number == JobState.number)
_COMMAND = and_(Blob.run_id == Job.run_id, Blob.hash == Job.command_hash)
LONG_COMMAND = Blob.body.label("long_command")


async def _plan(session: AsyncSession, run_id: uuid.UUID) -> tuple[int, dict[str, Any]] | None:
    row = (
        await session.execute(
            select(Plan.generation, Plan.body).where(Plan.run_id == run_id, Plan.part == 0)
            .order_by(Plan.generation.desc()).limit(1)
        )
    ).one_or_none()  # fmt: skip
    return (row.generation, orjson.loads(zlib.decompress(row.body))) if row else None


async def graph(session: AsyncSession, workspaces: Workspaces, run_id: uuid.UUID) -> str:
    """A `schemas.Graph` as JSON: half a million numbers, read by nobody here, are not checked one by one."""
    await check(session, workspaces, run_id)
    plan = await _plan(session, run_id)
    # As arrays: 100,000 rows cost the driver most of a second.
    columns = [JobState.number, JobState.status] if plan else [JobState.number, JobState.status, JobState.rule]
    row = (await session.execute(select(*map(func.array_agg, columns)).where(JobState.run_id == run_id))).one()
    numbers, statuses, *names = ([*column] if column else [] for column in row)
    if plan is None:  # no plan: the jobs that are known, without edges; rows come in any order
        told = sorted(zip(numbers, statuses, names[0], strict=True))
        numbers, statuses, *names = map(list, zip(*told, strict=True)) if told else ([], [], [])
        rules = sorted(set(names[0]))
        index = {rule: i for i, rule in enumerate(rules)}
        return _graph(
            generation=0, rules=rules, number=numbers, rule=[index[name] for name in names[0]], status=statuses,
            edges=[],
        )  # fmt: skip
    generation, body = plan
    by_number = dict(zip(numbers, statuses, strict=True))
    return _graph(
        generation=generation, rules=body["rules"], number=body["number"], rule=body["rule"],
        status=[by_number.get(n, "planned") for n in body["number"]], edges=body["edges"],
    )  # fmt: skip


def _graph(
    *, generation: int, rules: list[str], number: list[int], rule: list[int], status: list[str], edges: list[int]
) -> str:
    made = {
        "generation": generation, "rules": rules, "number": number, "rule": rule, "status": status, "edges": edges
    }  # fmt: skip
    return orjson.dumps(made).decode()


async def _links(session: AsyncSession, run_id: uuid.UUID, numbers: Sequence[int]) -> list[schemas.JobLink]:
    rows = await session.execute(
        select(JobState.number, JobState.rule, JobState.status, JobState.wildcards)
        .where(JobState.run_id == run_id, JobState.number.in_(numbers))
        .order_by(JobState.number)
    )
    return [schemas.JobLink(number=r.number, rule=r.rule, status=r.status, wildcards=r.wildcards or {}) for r in rows]


NEIGHBOURS = 200  # shown of a job that needs thousands


async def detail(
    session: AsyncSession, workspaces: Workspaces, run_id: uuid.UUID, number: int, *, with_place: bool = True
) -> schemas.JobDetail:
    run = await find(session, workspaces, run_id, Run.fold["declared"].as_boolean().label("declared"))
    row = (
        await session.execute(
            select(*views.JOB_COLUMNS, Job.facts, LONG_COMMAND, func.clock_timestamp().label("now"))
            .outerjoin(Job, _SAME)
            .outerjoin(Blob, _COMMAND)
            .where(JobState.run_id == run_id, JobState.number == number)
        )
    ).one_or_none()
    if row is None:
        raise NotFound(f"This run has no job {number}.")
    facts: dict[str, Any] = row.facts or {}
    attempts = await _attempts(session, run_id, number)
    needed = with_place or state.asks_graph(row.status, run.status, dry_run=run.dry_run)
    plan = await _plan(session, run_id) if needed else None
    if plan:
        facts = plan[1].get("more", {}).get(str(number), {}) | facts
    around = place.steps(plan[1], number) if plan and with_place else None
    up, down = (around[-1], around[1]) if around else ([], [])
    inputs, outputs, logs = facts.get("inputs") or [], facts.get("outputs") or [], facts.get("logs") or []
    benchmark = facts.get("benchmark")
    made = [*outputs, *logs, *([benchmark] if benchmark else [])]
    made_by, used_by = await place.files(session, run_id, around, inputs, made) if around else (None, None)
    environment = {key: facts[key] for key in ("conda", "container") if facts.get(key)}
    return schemas.JobDetail(
        **views.job_fields(row),
        now=row.now,
        run_status=run.status,
        inputs=inputs,
        outputs=outputs,
        inputs_total=facts.get("inputs_total") or len(inputs),
        outputs_total=facts.get("outputs_total") or len(outputs),
        logs=logs,
        benchmark=benchmark,
        resources=attempts[-1].resources if attempts else {},
        priority=facts.get("priority"),
        reason=facts.get("reason"),
        message=facts.get("message"),
        command=row.long_command or facts.get("command"),
        params=facts.get("params"),
        environment=schemas.Environment(**environment) if environment else None,
        checkpoint=bool(facts.get("checkpoint")),
        depends_on=await _links(session, run_id, up[:NEIGHBOURS]) if up else [],
        dependents=await _links(session, run_id, down[:NEIGHBOURS]) if down else [],
        near=await place.near(session, run_id, around) if around else None,
        made_by=made_by,
        used_by=used_by,
        attempts=attempts,
        unfinished=await unfinished.of_job(session, run, row, plan[1] if plan else None),
    )


async def _attempts(session: AsyncSession, run_id: uuid.UUID, number: int) -> list[schemas.Attempt]:
    rows = await session.scalars(
        select(Attempt).where(Attempt.run_id == run_id, Attempt.number == number).order_by(Attempt.attempt)
    )
    return [
        attempt(row) for row in rows if row.status or any(key in (row.facts or ()) for key in state.FOUND_OF_FAILURES)
    ]


def attempt(row: Attempt) -> schemas.Attempt:
    facts = row.facts or {}
    logs = [schemas.AttemptLog(**log) for log in facts.get("logs") or ()]
    if told := facts.get("timing"):
        queue, run, by = told["queue"], told["run"], told["by"]
    else:
        queue, run, by = state.timing(row.queued_at, row.started_at, row.ended_at)
    return schemas.Attempt(
        attempt=row.attempt, status=row.status or "failed", queued_at=row.queued_at, started_at=row.started_at,
        ended_at=row.ended_at, exit_code=facts.get("exit_code"), signal=facts.get("signal"),
        error_class=facts.get("class"), evidence=facts.get("evidence"), message=facts.get("message"),
        log=_telling(logs), logs=logs, inputs=facts.get("inputs"), external_id=facts.get("external_id"),
        cluster_log=facts.get("cluster_log"),
        resources=facts.get("resources") or {}, figures=facts.get("figures"),
        repeats=facts.get("repeats") or [], queue_seconds=queue, run_seconds=run, timed_by=by,
        remote=facts.get("remote"),
    )  # fmt: skip


def _telling(logs: list[schemas.AttemptLog]) -> schemas.AttemptLog | None:
    """The rule's own log that holds something, else the executor's, else any."""
    return min(logs, key=lambda log: (not log.tail, log.cluster), default=None)


SHORT_TAIL = 8_000  # characters


def _short(log: schemas.AttemptLog) -> schemas.AttemptLog:
    tail = log.tail or ""
    if len(tail) <= SHORT_TAIL:
        return log
    return log.model_copy(update={"tail": tail[-SHORT_TAIL:].partition("\n")[2] or tail[-SHORT_TAIL:]})


async def failures(
    session: AsyncSession,
    workspaces: Workspaces,
    run_id: uuid.UUID,
    wanted: table.Filter = table.Filter(),
    *,
    signature: str | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> schemas.Page[schemas.Failure]:
    """Failed jobs, the first failure first; a failure beside any job stands alone, where nothing is filtered."""
    run = await find(session, workspaces, run_id)
    where: list[Any] = [Failure.run_id == run_id]
    if signature:
        where.append(Failure.signature == signature)
    if wanted:
        where += await table.where(session, run_id, wanted)
    if cursor:
        where.append(tuple_(Failure.at, Failure.number) > cursors.decode(cursor, cursors.moment, table.NUMBER[1]))
    rows = (
        await session.execute(
            select(*views.JOB_COLUMNS, Failure.at, Job.facts, LONG_COMMAND, Attempt)
            .select_from(Failure)
            .join(JobState, and_(JobState.run_id == Failure.run_id, JobState.number == Failure.number))
            .outerjoin(Job, _SAME)
            .outerjoin(Blob, _COMMAND)
            .outerjoin(Attempt, and_(Attempt.run_id == JobState.run_id, Attempt.number == JobState.number,
                                     Attempt.attempt == JobState.attempt))
            .where(*where).order_by(Failure.at, Failure.number).limit(limit + 1)
        )
    ).all()  # fmt: skip
    items: list[schemas.Failure] = []
    for row in rows[:limit]:
        last = attempt(row.Attempt) if row.Attempt else None
        facts = row.facts or {}
        items.append(
            schemas.Failure(
                number=row.number, rule=row.rule, wildcards=row.wildcards or {}, attempt=row.attempt, at=row.ended_at,
                exit_code=last.exit_code if last else None, signal=last.signal if last else None,
                error_class=last.error_class if last else None, evidence=last.evidence if last else None,
                message=last.message if last else None, inputs=last.inputs if last else None,
                log=_short(last.log) if last and last.log else None,
                tails=[_short(log) for log in last.logs] if last else [],
                job_status=row.status, logs=facts.get("logs") or [],
                command=row.long_command or facts.get("command"), attempts=row.attempt,
            )
        )  # fmt: skip
    filtered = cursor or signature or wanted
    if not items and not filtered and run.first_failure and run.first_failure.get("number") is None:
        items = [schemas.Failure.model_validate(run.first_failure)]
    last_row = rows[limit - 1] if len(rows) > limit else None
    return schemas.Page(
        items=items, next=cursors.encode(last_row.at.isoformat(), last_row.number) if last_row else None
    )
