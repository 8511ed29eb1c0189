"""Reads of runs. Every function takes the workspaces that the caller may read, as `access` gave them."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, desc, func, select, text, tuple_, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from flowo.accounts.models import Workspace
from flowo.errors import NotFound
from flowo.runs import cursors, definitions, schemas, views, waiting
from flowo.runs.models import Journal, Run
from flowo.runs.state import ENDED

Workspaces = Collection[uuid.UUID]


def like(term: str) -> str:
    """A LIKE pattern that finds `term` literally, anywhere."""
    return "%" + term.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"


def _filters(
    status: Sequence[str], q: str | None, tag: Sequence[str], workflow: str | None
) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = []
    if status:
        where.append(Run.status.in_(status))
    if workflow:
        where.append(Run.workflow == workflow)
    if tag:
        where.append(views.TAGS.op("@>")(list(tag)))
    for term in (q or "").lower().split()[:8]:
        where.append(Run.search.like(like(term)))
    return where


async def list_runs(
    session: AsyncSession,
    workspaces: Workspaces,
    *,
    status: Sequence[str] = (),
    q: str | None = None,
    tag: Sequence[str] = (),
    workflow: str | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> schemas.Page[schemas.Run]:
    """Newest first."""
    if not workspaces:
        return schemas.Page(items=[])
    where = _filters(status, q, tag, workflow)
    if cursor:
        created_at, run_id = cursors.decode(cursor, cursors.moment, cursors.identity)
        where.append(tuple_(Run.created_at, Run.id) < (created_at, run_id))
    order = (Run.created_at.desc(), Run.id.desc())

    def of(workspace: uuid.UUID, *columns: Any) -> Select[Any]:
        return select(*columns).where(Run.workspace_id == workspace, *where).order_by(*order).limit(limit + 1)

    if len(workspaces) == 1:
        query = of(*workspaces, *views.RUN_COLUMNS).join(Workspace, Workspace.id == Run.workspace_id)
    else:  # each by its own index, then the few rows that can be on the page
        parts = [select(of(workspace, Run.id, Run.created_at).subquery()) for workspace in sorted(workspaces)]
        newest = union_all(*parts).order_by(desc("created_at"), desc("id")).limit(limit + 1)
        ids = [row.id for row in await session.execute(newest)]
        query = select(*views.RUN_COLUMNS).join(Workspace, Workspace.id == Run.workspace_id)
        query = query.where(Run.id.in_(ids)).order_by(*order)
    rows = (await session.execute(query)).all()
    more = len(rows) > limit
    rows = rows[:limit]
    last = rows[-1] if more else None
    return schemas.Page(
        items=await views.runs(session, rows),
        next=cursors.encode(last.created_at.isoformat(), str(last.id)) if last else None,
    )


async def facets(session: AsyncSession, workspaces: Workspaces, *, q: str | None, tag: Sequence[str]) -> schemas.Facets:
    """How many runs there are of each status, and the tags in use."""
    here = and_(Run.workspace_id.in_(workspaces), *_filters((), q, tag, None))
    counted = await session.execute(select(Run.status, func.count()).where(here).group_by(Run.status))
    by_status = dict(counted.tuples().all())
    one = select(func.unnest(views.TAGS).label("tag")).where(Run.workspace_id.in_(workspaces)).subquery()
    runs = func.count().label("runs")
    tags = await session.execute(
        select(one.c.tag, runs).group_by(one.c.tag).order_by(runs.desc(), one.c.tag).limit(100)
    )
    return schemas.Facets(
        total=sum(by_status.values()), status=by_status, tags=[schemas.TagCount(tag=t, runs=n) for t, n in tags]
    )


async def find(session: AsyncSession, workspaces: Workspaces, run_id: uuid.UUID, *extra: Any) -> Any:
    """The row of a run; NotFound for one that the caller may not see."""
    row = (
        await session.execute(
            select(*views.RUN_COLUMNS, Run.fold["generation"].as_integer().label("generation"), *extra)
            .join(Workspace, Workspace.id == Run.workspace_id)
            .where(Run.id == run_id, Run.workspace_id.in_(workspaces))
        )
    ).one_or_none()
    if row is None:
        raise _not_found()
    return row


_HERE = select(Run.id).where(Run.id == bindparam("run"), Run.workspace_id.in_(bindparam("workspaces", expanding=True)))


async def check(session: AsyncSession, workspaces: Workspaces, run_id: uuid.UUID) -> None:
    """NotFound for a run that the caller may not see, where nothing of its row is needed."""
    asked = {"run": run_id, "workspaces": list(workspaces)}
    if (await session.execute(_HERE, asked)).first() is None:
        raise _not_found()


def _not_found() -> NotFound:
    return NotFound("There is no such run, or you may not see it.")


async def rule_counts(session: AsyncSession, row: Any) -> list[schemas.RuleCounts]:
    counted = await views.rule_rows(session, [row.id])
    return views.rules(counted[row.id], plan=bool(row.generation), ended=row.status in ENDED)


async def detail(
    session: AsyncSession, workspaces: Workspaces, run_id: uuid.UUID, *, may_edit: bool = False
) -> schemas.RunDetail:
    row = await find(
        session, workspaces, run_id,
        Run.facts, Run.directory, Run.last_seq, Run.gaps, Run.skipped_events,
        select(Journal.heard_at).where(Journal.run_id == run_id).order_by(Journal.first_seq.desc()).limit(1)
        .scalar_subquery().label("event_at"),
    )  # fmt: skip
    facts: dict[str, Any] = row.facts
    estimates = await views.etas(session, [row])
    git = facts.get("git")
    return schemas.RunDetail(
        **views.run_fields(row, estimates.get(run_id)),
        now=row.now,
        directory=row.directory,
        command=facts.get("command") or [],
        git=schemas.Git(**git) if git else None,
        configfiles=facts.get("configfiles") or [],
        profiles=facts.get("profiles") or [],
        file_hashes=facts.get("file_hashes") or {},
        config=await definitions.config(session, run_id, facts.get("config_hash")),
        config_cut=bool(facts.get("config_cut")),
        **{
            key: facts.get(key)
            for key in (
                "snakefile", "executor", "cores", "snakemake_version", "python_version", "plugin_version", "platform",
                "scheduler_id", "config_md5", "message",
            )
        },
        rules=await rule_counts(session, row),
        wildcards=await wildcard_names(session, run_id),
        events=row.last_seq,
        last_event_at=row.event_at,
        gaps=row.gaps,
        skipped_events=row.skipped_events,
        waiting=await waiting.of_run(session, row, facts),
        may_edit=may_edit,
    )  # fmt: skip


async def wildcard_names(session: AsyncSession, run_id: uuid.UUID) -> list[str]:
    """From one job of each rule: rules have few, and the jobs of a rule share their names."""
    rows = await session.execute(
        text(
            """SELECT k, count(*) FROM rule_count c
               CROSS JOIN LATERAL (SELECT wildcards FROM job_state s WHERE s.run_id = c.run_id AND s.rule = c.rule
                                   ORDER BY number LIMIT 1) AS s
               CROSS JOIN LATERAL jsonb_object_keys(s.wildcards) AS k
               WHERE c.run_id = :run GROUP BY k ORDER BY count(*) DESC, k LIMIT 20"""
        ),
        {"run": run_id},
    )
    return [name for name, _ in rows]


async def rulegraph(session: AsyncSession, workspaces: Workspaces, run_id: uuid.UUID) -> schemas.RuleGraph:
    row = await find(session, workspaces, run_id, Run.rulegraph)
    counted = {rule.rule: rule for rule in await rule_counts(session, row)}
    stored: dict[str, Any] = row.rulegraph or {"nodes": [], "links": []}
    names: list[str] = stored["nodes"]
    links = [schemas.RuleLink(source=names[a], target=names[b]) for a, b in stored["links"]]
    nodes = dict.fromkeys([*names, *counted])  # rules that came with a checkpoint stand in no graph of Snakemake's
    none = schemas.JobCounts()
    return schemas.RuleGraph(
        nodes=[
            schemas.RuleNode(rule=n, jobs=counted[n].jobs, mean_seconds=counted[n].mean_seconds)
            if n in counted
            else schemas.RuleNode(rule=n, jobs=none, mean_seconds=None)
            for n in nodes
        ],
        links=links,
    )
