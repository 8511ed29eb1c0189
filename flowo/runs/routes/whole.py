"""What is drawn of a run as a whole, most of it in one large answer, and what its rules are made of."""

from __future__ import annotations

import asyncio
import functools
import gzip
import hashlib
import uuid
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import Path, Query, Request, Response
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from flowo.accounts import access
from flowo.accounts.gate import CallerDep, DatabaseDep
from flowo.db.engine import Database
from flowo.runs import definitions, figures, grid, jobs, queries, schemas, spans
from flowo.runs.queries import Workspaces
from flowo.runs.routes import asked
from flowo.runs.routes.asked import JobFilter

router = asked.router()

LARGE = 10_000  # bytes


@router.get("/{run_id}/rulegraph")
async def get_rulegraph(run_id: uuid.UUID, caller: CallerDep, database: DatabaseDep) -> schemas.RuleGraph:
    async with database.session() as session:
        return await queries.rulegraph(session, access.readable(caller), run_id)


@router.get("/{run_id}/rules")
async def get_figures(run_id: uuid.UUID, caller: CallerDep, database: DatabaseDep) -> schemas.Figures:
    """Of each rule how long its jobs took, and why Snakemake ran them; the reasons totalled over the run too."""
    async with database.session() as session:
        return await figures.of_run(session, access.readable(caller), run_id)


@router.get("/{run_id}/usage")
async def get_usage(run_id: uuid.UUID, caller: CallerDep, database: DatabaseDep) -> schemas.Usage:
    """What the jobs of each rule took, and what they used of what they asked for, where benchmarks tell."""
    async with database.session() as session:
        return await figures.usage(session, access.readable(caller), run_id)


@router.get("/{run_id}/rules/{rule:path}")
async def get_rule(
    run_id: uuid.UUID,
    rule: Annotated[str, Path(max_length=1000, pattern=r"^[^\x00]*$")],
    caller: CallerDep,
    database: DatabaseDep,
) -> schemas.RuleDetail:
    """What a rule is made of, as written: its code, script and environment."""
    async with database.session() as session:
        await queries.check(session, access.readable(caller), run_id)
        return await definitions.rule(session, run_id, rule)


async def _large(request: Request, answer: BaseModel | str, headers: dict[str, str]) -> Response:
    """An answer of some megabytes, compressed for those who take that, in a thread: others are served meanwhile."""
    headers = headers | {"Vary": "Accept-Encoding"}
    body = await asyncio.to_thread(lambda: (answer if isinstance(answer, str) else answer.model_dump_json()).encode())
    if "gzip" in request.headers.get("accept-encoding", "") and len(body) > LARGE:
        body = await asyncio.to_thread(gzip.compress, body, 4)
        headers["Content-Encoding"] = "gzip"
    return Response(body, media_type="application/json", headers=headers)


async def _unless_held(
    request: Request, caller: access.Caller, database: Database, run_id: uuid.UUID,
    make: Callable[[AsyncSession, Workspaces, uuid.UUID], Awaitable[BaseModel | str]], *of: object,
) -> Response:  # fmt: skip
    """What `make` makes of the run, with an ETag of its revision and `of`; 304 to a browser that holds that."""
    async with database.session() as session:
        row = await queries.find(session, access.readable(caller), run_id)
        digest = hashlib.blake2b(repr((run_id, row.revision, *of)).encode(), digest_size=8).hexdigest()
        headers = {"ETag": f'"{digest}"', "Cache-Control": "private, no-cache"}
        if request.headers.get("if-none-match") == headers["ETag"]:
            return Response(status_code=304, headers=headers)
        found = await make(session, access.readable(caller), run_id)
    return await _large(request, found, headers)


@router.get("/{run_id}/grid", response_model=schemas.Grid)
async def get_grid(
    run_id: uuid.UUID,
    request: Request,
    caller: CallerDep,
    database: DatabaseDep,
    wildcard: Annotated[str | None, Query(min_length=1, max_length=500, pattern=r"^[^\x00]*$")] = None,
) -> Any:
    """How the jobs of each rule stand for each value of a wildcard, in one answer; with an ETag."""
    make = functools.partial(grid.grid, wildcard=wildcard)
    return await _unless_held(request, caller, database, run_id, make, wildcard)


@router.get("/{run_id}/graph", response_model=schemas.Graph)
async def get_graph(run_id: uuid.UUID, request: Request, caller: CallerDep, database: DatabaseDep) -> Any:
    """All jobs of the plan and what each needs, in one answer; with an ETag."""
    return await _unless_held(request, caller, database, run_id, jobs.graph)


@router.get("/{run_id}/spans", response_model=schemas.Spans)
async def get_spans(run_id: uuid.UUID, request: Request, caller: CallerDep, database: DatabaseDep) -> Any:
    """Every attempt of the run with its times, in one answer; with an ETag."""
    return await _unless_held(request, caller, database, run_id, spans.spans)


@router.get("/{run_id}/matches", response_model=schemas.Matches)
async def get_matches(
    run_id: uuid.UUID, request: Request, caller: CallerDep, database: DatabaseDep, wanted: JobFilter
) -> Any:
    """The numbers of the jobs that the same filters of the list leave, in one answer."""
    async with database.session() as session:
        found = await spans.matches(session, access.readable(caller), run_id, wanted)
    return await _large(request, found, {"Cache-Control": "no-store"})


@router.get("/{run_id}/wildcards/{name}/jobs", response_model=schemas.JobValues)
async def get_job_values(
    run_id: uuid.UUID,
    name: Annotated[str, Path(max_length=500, pattern=r"^[^\x00]*$")],
    request: Request,
    caller: CallerDep,
    database: DatabaseDep,
) -> Any:
    """Which value of this wildcard each job has, in one answer."""
    async with database.session() as session:
        found = await spans.values(session, access.readable(caller), run_id, name)
    return await _large(request, found, {"Cache-Control": "no-store"})
