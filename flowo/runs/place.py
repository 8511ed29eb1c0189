"""A job's place in its run: what is within two steps of it in the graph, and whose files it reads and who reads its."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ARRAY, Integer, column, func, literal, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from flowo.runs import schemas, state, table, views
from flowo.runs.models import JobState

LISTED = 20  # jobs of one rule at one distance
LOOKED_AT = 2_000  # neighbours whose files are compared, each way
USERS = 20  # named of a file

Steps = dict[int, list[int]]  # by distance (-2, -1, 1, 2; what a job needs is negative) the numbers of jobs


def steps(plan: dict[str, Any] | None, number: int) -> Steps | None:
    """What is one and two steps away, each job once, where it is nearest; None where the plan does not have the job."""
    if plan is None or number not in plan["number"]:
        return None
    numbers: list[int] = plan["number"]
    sources, targets = plan["edges"][::2], plan["edges"][1::2]
    place = numbers.index(number)
    up = {a: None for a, b in zip(sources, targets, strict=True) if b == place}  # in their order, each once
    down = {b: None for a, b in zip(sources, targets, strict=True) if a == place}
    further_up: dict[int, None] = {}
    further_down: dict[int, None] = {}
    for a, b in zip(sources, targets, strict=True):
        if b in up and a not in up:
            further_up[a] = None
        if a in down and b not in down:
            further_down[b] = None
    found = {-2: further_up, -1: up, 1: down, 2: further_down}
    return {step: [numbers[at] for at in places] for step, places in found.items()}


async def near(session: AsyncSession, run_id: uuid.UUID, around: Steps) -> list[schemas.Near]:
    """Counts of each rule at each distance, and the first jobs of it: those that went wrong, then by number."""
    where = [(number, step) for step, numbers in around.items() for number in numbers]
    if not where:
        return []
    numbers, distances = zip(*where, strict=True)
    at = (
        func.unnest(literal(list(numbers), ARRAY(Integer)), literal(list(distances), ARRAY(Integer)))
        .table_valued(column("number", Integer), column("step", Integer))
        .render_derived("at")
    )
    alike = [at.c.step, JobState.rule]
    found = (
        select(
            at.c.step, JobState.number, JobState.rule, JobState.status, JobState.wildcards,
            func.row_number().over(partition_by=alike, order_by=[table.STATUS_PLACE, JobState.number]).label("nth"),
            *(func.count().filter(JobState.status == one).over(partition_by=alike).label(one)
              for one in state.JOB_STATUSES),
        )
        .join(JobState, JobState.number == at.c.number)
        .where(JobState.run_id == run_id)
        .subquery()
    )  # fmt: skip
    query = select(found).where(found.c.nth <= LISTED).order_by(found.c.step, found.c.rule, found.c.nth)
    told: list[schemas.Near] = []
    for row in await session.execute(query):
        if row.nth == 1:
            told.append(schemas.Near(step=row.step, rule=row.rule, jobs=views.counts(views.counts_of(row)), links=[]))
        told[-1].links.append(_link(row))
    return told


# A log and a benchmark file are made like outputs, and may be another job's input. By IN (SELECT …), since that is
# hashed whatever the plan, where ANY of an array may be searched from one end to the other for each file.
_FILES = text(
    """SELECT s.number, s.rule, s.status, s.wildcards, at.above, j.number IS NOT NULL AS known,
         coalesce((j.facts->>(CASE WHEN at.above THEN 'outputs_total' ELSE 'inputs_total' END))::int, 0)
           > coalesce(jsonb_array_length(j.facts->(CASE WHEN at.above THEN 'outputs' ELSE 'inputs' END)), 0) AS cut,
         ARRAY(
           SELECT f FROM jsonb_array_elements_text(
             CASE WHEN at.above THEN coalesce(j.facts->'outputs', '[]') || coalesce(j.facts->'logs', '[]')
                                  || coalesce(j.facts->'benchmark', '[]')
                  ELSE coalesce(j.facts->'inputs', '[]') END) AS f
           WHERE (at.above AND f IN (SELECT unnest(CAST(:inputs AS text[]))))
             OR (NOT at.above AND f IN (SELECT unnest(CAST(:made AS text[]))))) AS files
       FROM unnest(CAST(:numbers AS int[]), CAST(:above AS bool[])) AS at(number, above)
       JOIN job_state s ON s.run_id = :run AND s.number = at.number
       LEFT JOIN job j ON j.run_id = :run AND j.number = at.number
       ORDER BY s.number"""
)


async def files(
    session: AsyncSession, run_id: uuid.UUID, around: Steps, inputs: Sequence[str], made: Sequence[str]
) -> tuple[schemas.FileJobs, schemas.FileJobs]:
    """Who made the inputs, and who uses what the job makes; as far as those jobs have told of their files."""
    up, down = around[-1], around[1]
    looked = [(number, True) for number in up[:LOOKED_AT]] + [(number, False) for number in down[:LOOKED_AT]]
    told = {
        True: schemas.FileJobs(open=len(up), jobs=[]),
        False: schemas.FileJobs(open=len(down), jobs=[]),
    }
    if looked:
        given = {
            "run": run_id, "inputs": list(inputs), "made": list(made),
            "numbers": [number for number, _ in looked], "above": [above for _, above in looked],
        }  # fmt: skip
        index = {True: _places(inputs), False: _places(made)}
        named: dict[int, int] = {}
        for row in await session.execute(_FILES, given):
            side = told[row.above]
            if row.known and not row.cut:
                side.open -= 1
            places = [index[row.above][path] for path in row.files]
            if not row.above:
                side.users.update({place: side.users.get(place, 0) + 1 for place in places})
                places = [place for place in places if named.get(place, 0) < USERS]
                for place in places:
                    named[place] = named.get(place, 0) + 1
            if places:
                side.jobs.append(schemas.FileJob(job=_link(row), files=sorted(places)))
    return told[True], told[False]


def _places(paths: Sequence[str]) -> dict[str, int]:
    return {path: place for place, path in reversed(list(enumerate(paths)))}


def _link(row: Any) -> schemas.JobLink:
    return schemas.JobLink(number=row.number, rule=row.rule, status=row.status, wildcards=row.wildcards or {})
