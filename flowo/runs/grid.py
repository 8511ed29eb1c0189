"""The grid of a run: the values of one wildcard against the rules, with how the jobs of each pair stand.

A large run has tens of thousands of cells. PostgreSQL makes one text of those of a row, so that here a row costs
something, and a cell nothing: the answer is JSON from the start.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from flowo.runs import queries, schemas
from flowo.runs.models import RuleCount, Run, Wildcard
from flowo.runs.state import JOB_STATUSES

MOST_ROWS = 20_000  # values that are told; more than anybody scrolls through
_FEW = 2  # wildcards that could be meant; a third is a chromosome or a chunk

# A row's cells are told as "rule,status,jobs,number" with semicolons between; jobs without the wildcard stand below.
# `known`: how many values there are.
_ROWS = text(
    """WITH cell AS (
         SELECT wildcards->>:name AS value, rule, status, count(*) AS jobs, min(number) AS number
         FROM job_state WHERE run_id = :run GROUP BY 1, 2, 3),
       held AS (
         SELECT value, string_agg(concat_ws(',', r.place - 1, t.place - 1, jobs, number), ';') AS cells
         FROM cell
         JOIN unnest(CAST(:rules AS text[])) WITH ORDINALITY AS r(name, place) ON r.name = rule
         JOIN unnest(CAST(:statuses AS text[])) WITH ORDINALITY AS t(name, place) ON t.name = status
         GROUP BY value)
       SELECT value, cells, count(value) OVER () AS known FROM held ORDER BY value NULLS LAST"""
)


async def grid(
    session: AsyncSession, workspaces: queries.Workspaces, run_id: uuid.UUID, *, wildcard: str | None
) -> str:
    """`schemas.Grid` as JSON, by `wildcard` or by the natural one; a run whose jobs have none has no rows."""
    row = await queries.find(session, workspaces, run_id, Run.rulegraph)
    names = await queries.wildcard_names(session, run_id)
    name = wildcard if wildcard is not None else await _natural(session, run_id, names)
    if name is None:
        return schemas.Grid(wildcard=None, wildcards=[], rules=[], values=[], total=0).model_dump_json()
    stored = row.rulegraph or {"nodes": [], "links": []}
    links = [(stored["nodes"][a], stored["nodes"][b]) for a, b in stored["links"]]
    jobs = sum((getattr(RuleCount, status) for status in JOB_STATUSES[1:]), getattr(RuleCount, JOB_STATUSES[0]))
    known = await session.scalars(
        select(RuleCount.rule).where(RuleCount.run_id == run_id, jobs > 0).order_by(RuleCount.rule)
    )
    rules = ordered(known.all(), links)
    await session.execute(text("SET LOCAL work_mem = '32MB'"))  # the cells of 100,000 jobs need not go to disk
    given = {"name": name, "run": run_id, "rules": rules, "statuses": list(JOB_STATUSES)}
    found = (await session.execute(_ROWS, given)).all()
    told = [*found[:MOST_ROWS], *(row for row in found[MOST_ROWS:] if row.value is None)]
    head = schemas.Grid(
        wildcard=name, wildcards=names, rules=rules, values=[row.value for row in told],
        total=found[0].known if found else 0, statuses=[schemas.JobStatus(status) for status in JOB_STATUSES],
    ).model_dump_json(exclude={"cells"})  # fmt: skip
    cells = ",".join(f"[{at},{row.cells.replace(';', f'],[{at},')}]" for at, row in enumerate(told))
    return f'{head[:-1]},"cells":[{cells}]}}'


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
