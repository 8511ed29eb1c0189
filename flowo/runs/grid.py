"""The grid of a run: the values of one wildcard against the rules, with how the jobs of each pair stand."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from flowo.runs import queries, schemas
from flowo.runs.models import JobState, Run, Wildcard
from flowo.runs.state import JOB_STATUSES

MOST_ROWS = 20_000  # values that are told; more than anybody scrolls through
_FEW = 2  # wildcards that could be meant; a third is a chromosome or a chunk
_STATUS = {status: index for index, status in enumerate(JOB_STATUSES)}


async def grid(
    session: AsyncSession, workspaces: queries.Workspaces, run_id: uuid.UUID, *, wildcard: str | None
) -> schemas.Grid:
    """By `wildcard`, or by the natural one; a run whose jobs have none has no rows."""
    row = await queries.find(session, workspaces, run_id, Run.rulegraph)
    names = await queries.wildcard_names(session, run_id)
    name = wildcard if wildcard is not None else await _natural(session, run_id, names)
    if name is None:
        return schemas.Grid(wildcard=None, wildcards=[], rules=[], values=[], total=0)
    value = JobState.wildcards[name].astext
    found = (
        await session.execute(
            select(value.label("value"), JobState.rule, JobState.status, func.count().label("jobs"),
                   func.min(JobState.number).label("number"))
            .where(JobState.run_id == run_id)
            .group_by(value, JobState.rule, JobState.status)
            .order_by(value, JobState.rule, JobState.status)
        )
    ).all()  # fmt: skip
    values = list(dict.fromkeys(cell.value for cell in found if cell.value is not None))
    told: list[str | None] = list(values[:MOST_ROWS])
    if any(cell.value is None for cell in found):
        told.append(None)  # the jobs without this wildcard stand below
    stored = row.rulegraph or {"nodes": [], "links": []}
    links = [(stored["nodes"][a], stored["nodes"][b]) for a, b in stored["links"]]
    rules = ordered(sorted({cell.rule for cell in found}), links)
    at_row = {value: index for index, value in enumerate(told)}
    at_rule = {rule: index for index, rule in enumerate(rules)}
    cells = [
        (at_row[cell.value], at_rule[cell.rule], _STATUS[cell.status], cell.jobs, cell.number)
        for cell in found if cell.value in at_row
    ]  # fmt: skip
    return schemas.Grid(
        wildcard=name, wildcards=names, rules=rules, values=told, total=len(values), cells=cells,
        statuses=[schemas.JobStatus(status) for status in JOB_STATUSES],
    )  # fmt: skip


async def _natural(session: AsyncSession, run_id: uuid.UUID, names: Sequence[str]) -> str | None:
    """The wildcard that tells most apart among the first few, which are those of most rules: samples, not lanes."""
    rows = await session.execute(
        select(Wildcard.name, func.count()).where(Wildcard.run_id == run_id).group_by(Wildcard.name)
    )
    values = dict(rows.tuples().all())
    return max(names[:_FEW], key=lambda name: values.get(name, 0), default=None)


def ordered(rules: Sequence[str], links: Sequence[tuple[str, str]]) -> list[str]:
    """The rules as jobs flow through them: each behind those that it needs, else as given. A loop ends nowhere."""
    needs: dict[str, set[str]] = {rule: set() for rule in rules}
    for source, target in links:
        if source in needs and target in needs and source != target:
            needs[target].add(source)
    depth: dict[str, int] = {}
    left = list(rules)
    level = 0
    while left:
        free = [rule for rule in left if needs[rule] <= depth.keys()] or left
        depth.update(dict.fromkeys(free, level))
        left = [rule for rule in left if rule not in depth]
        level += 1
    return sorted(rules, key=lambda rule: depth[rule])
