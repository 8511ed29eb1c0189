"""The API of runs: what is known of them, and what people may change."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import uuid
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from flowo.accounts import access
from flowo.accounts.gate import CallerDep, DatabaseDep
from flowo.db.notify import WANTED_CHANNEL
from flowo.errors import Problem
from flowo.runs import (
    alike,
    definitions,
    edits,
    export,
    figures,
    grid,
    jobs,
    log,
    queries,
    schemas,
    siblings,
    spans,
    table,
    tails,
)  # fmt: skip

router = APIRouter(
    prefix="/api/v1/runs", tags=["runs"],
    responses={status: {"model": Problem} for status in (401, 403, 404, 422)},
)  # fmt: skip

LARGE = 10_000  # bytes

Limit = Annotated[int, Query(ge=1, le=500)]
Cursor = Annotated[str | None, Query(max_length=500)]
Search = Annotated[str | None, Query(max_length=500, pattern=r"^[^\x00]*$")]
Words = Annotated[list[Annotated[str, Query(max_length=1000, pattern=r"^[^\x00]*$")]], Query(max_length=200)]
Number = Annotated[int, Path(ge=0, le=2**31 - 1)]
Sort = Annotated[
    str,
    Query(
        pattern=table.SORT_PATTERN,
        description="A minus in front turns it round. Jobs that are equal come by rising number either way.",
    ),
]


def _wanted(
    status: Annotated[list[schemas.JobStatus], Query()] = [],  # noqa: B006 - FastAPI's form of a repeated parameter
    rule: Words = [],  # noqa: B006
    wildcard: Annotated[Words, Query(description="`name:value`; values of one name are alternatives.")] = [],  # noqa: B006
    id: Words = [],  # noqa: B006
    q: Search = None,
) -> table.Filter:
    return table.Filter(status=status, rule=rule, wildcard=table.wildcards(wildcard), id=id, q=q)


JobFilter = Annotated[table.Filter, Depends(_wanted)]


@router.get("")
async def list_runs(
    caller: CallerDep,
    database: DatabaseDep,
    status: Annotated[list[schemas.RunStatus], Query()] = [],  # noqa: B006 - FastAPI's form of a repeated parameter
    q: Search = None,
    tag: Words = [],  # noqa: B006
    workflow: Annotated[str | None, Query(max_length=1000, pattern=r"^[^\x00]*$")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> schemas.Page[schemas.Run]:
    """Runs of the caller's workspaces, newest first."""
    workspaces = access.readable(caller)
    async with database.session() as session:
        return await queries.list_runs(
            session, workspaces, status=status, q=q, tag=tag, workflow=workflow, limit=limit, cursor=cursor
        )


@router.get("/facets")
async def get_facets(caller: CallerDep, database: DatabaseDep, q: Search = None, tag: Words = []) -> schemas.Facets:  # noqa: B006
    """How many runs there are of each status under this search, and the tags in use."""
    async with database.session() as session:
        return await queries.facets(session, access.readable(caller), q=q, tag=tag)


@router.get("/{run_id}")
async def get_run(run_id: uuid.UUID, caller: CallerDep, database: DatabaseDep) -> schemas.RunDetail:
    async with database.session() as session:
        row = await queries.find(session, access.readable(caller), run_id)
        may_edit = access.may(caller, access.Action.edit, row.workspace_id)
        return await queries.detail(session, access.readable(caller), run_id, may_edit=may_edit)


@router.patch("/{run_id}")
async def patch_run(
    run_id: uuid.UUID, change: schemas.RunPatch, request: Request, caller: CallerDep, database: DatabaseDep
) -> schemas.RunDetail:
    """Change a run's name, tags or note."""
    async with database.session() as session:
        row = await queries.find(session, access.readable(caller), run_id)
        access.require(caller, access.Action.edit, row.workspace_id, "This run")
        await edits.patch(session, run_id, change)
        detail = await queries.detail(session, access.readable(caller), run_id, may_edit=True)
    request.app.state.notifier.moved(run_id)
    return detail


@router.delete("/{run_id}", status_code=204)
async def delete_run(run_id: uuid.UUID, request: Request, caller: CallerDep, database: DatabaseDep) -> Response:
    """Delete a run with all that was recorded, in whatever status it is."""
    async with database.session() as session:
        row = await queries.find(session, access.readable(caller), run_id)
        access.require(caller, access.Action.delete, row.workspace_id, "This run")
        await edits.remove(session, run_id, row.workspace_id)
    request.app.state.notifier.moved(run_id)
    return Response(status_code=204)


@router.post("/{run_id}/end", responses={409: {"model": Problem}})
async def end_run(run_id: uuid.UUID, request: Request, caller: CallerDep, database: DatabaseDep) -> schemas.RunDetail:
    """Declare a lost run ended. Should it be heard of again, it runs again."""
    async with database.session() as session:
        row = await queries.find(session, access.readable(caller), run_id)
        access.require(caller, access.Action.edit, row.workspace_id, "This run")
    async with database.driver() as pg, pg.transaction():
        await edits.declare_ended(pg, run_id)
    request.app.state.notifier.moved(run_id)
    async with database.session() as session:
        return await queries.detail(session, access.readable(caller), run_id, may_edit=True)


@router.get("/{run_id}/siblings")
async def get_siblings(
    run_id: uuid.UUID, caller: CallerDep, database: DatabaseDep, limit: Annotated[int, Query(ge=1, le=100)] = 20
) -> schemas.Siblings:
    """Runs of the same workflow around this one, oldest first, and which come just before and after it."""
    async with database.session() as session:
        return await siblings.around(session, access.readable(caller), run_id, limit=limit)


@router.get("/{run_id}/jobs", response_model=schemas.Page[schemas.Job])
async def list_jobs(
    run_id: uuid.UUID,
    caller: CallerDep,
    database: DatabaseDep,
    wanted: JobFilter,
    sort: Sort = "number",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """Jobs of a run. `q`: words that rule or wildcards hold or that are an id; `name:value` for a wildcard, `id:…` for
    an id, of Snakemake or of the cluster; what holds a space stands in quotes."""
    async with database.session() as session:
        found = await table.page(
            session, access.readable(caller), run_id, wanted, sort=sort, limit=limit, cursor=cursor
        )
    return Response(found, media_type="application/json")


@router.get("/{run_id}/jobs/count")
async def count_jobs(run_id: uuid.UUID, caller: CallerDep, database: DatabaseDep, wanted: JobFilter) -> schemas.Count:
    """How many jobs the same filters of the list leave."""
    async with database.session() as session:
        return await table.count(session, access.readable(caller), run_id, wanted)


@router.get("/{run_id}/jobs/marks")
async def mark_jobs(
    run_id: uuid.UUID,
    caller: CallerDep,
    database: DatabaseDep,
    wanted: JobFilter,
    sort: Sort = "number",
    step: Annotated[int, Query(ge=50, le=500)] = 200,
) -> schemas.Marks:
    """Cursors of the list by the same filters and sort, one for every `step` jobs: how one gets to its middle."""
    async with database.session() as session:
        return await table.marks(session, access.readable(caller), run_id, wanted, sort=sort, step=step)


@router.get("/{run_id}/jobs.csv", response_class=StreamingResponse)
async def export_jobs(
    run_id: uuid.UUID,
    caller: CallerDep,
    database: DatabaseDep,
    wanted: JobFilter,
    numbers: Annotated[str | None, Query(max_length=20_000, description="Only these: 3,5-9")] = None,
) -> StreamingResponse:
    """The jobs that the filters leave as CSV, by number. Texts that a spreadsheet would calculate begin with a '."""
    made = await export.export(database, access.readable(caller), run_id, wanted, numbers)
    headers = {"Content-Disposition": f'attachment; filename="jobs-{run_id}.csv"', "Cache-Control": "no-store"}
    return StreamingResponse(made.lines(), media_type="text/csv; charset=utf-8", headers=headers)


@router.get("/{run_id}/wildcards")
async def list_wildcards(
    run_id: uuid.UUID,
    caller: CallerDep,
    database: DatabaseDep,
    name: Annotated[str | None, Query(max_length=500, pattern=r"^[^\x00]*$")] = None,
    q: Annotated[str, Query(max_length=500, pattern=r"^[^\x00]*$")] = "",
    limit: Limit = 20,
) -> schemas.WildcardValues:
    """Values of the wildcard `name`, or of all: first those that begin with `q`, then those that hold it."""
    async with database.session() as session:
        return await table.wildcard_values(session, access.readable(caller), run_id, name=name, q=q, limit=limit)


@router.get("/{run_id}/jobs/{number}")
async def get_job(
    run_id: uuid.UUID, number: Number, caller: CallerDep, database: DatabaseDep, place: bool = True
) -> schemas.JobDetail:
    """A job in full. Without `place`: without what stands around it in the graph, for which the whole plan is read."""
    async with database.session() as session:
        return await jobs.detail(session, access.readable(caller), run_id, number, with_place=place)


@router.get("/{run_id}/jobs/{number}/neighbours")
async def get_neighbours(
    run_id: uuid.UUID,
    number: Number,
    caller: CallerDep,
    database: DatabaseDep,
    wanted: JobFilter,
    sort: Sort = "number",
) -> schemas.Neighbours:
    """Which jobs come before and after this one in the list by the same filters and sort; it need not be in it."""
    async with database.session() as session:
        return await table.neighbours(session, access.readable(caller), run_id, number, wanted, sort=sort)


@router.get("/{run_id}/jobs/{number}/logs/{index}")
async def get_job_log(
    run_id: uuid.UUID,
    number: Number,
    index: Annotated[Literal["cluster"] | Annotated[int, Path(ge=0, le=2**15 - 1)], Path()],
    request: Request,
    caller: CallerDep,
    database: DatabaseDep,
    attempt: Annotated[int | None, Query(ge=1, le=2**15 - 1)] = None,
    generation: Annotated[int | None, Query(ge=0, le=2**62)] = None,
    since: Annotated[int, Query(ge=0, le=2**62)] = 0,
) -> schemas.LogText:
    """The end of a log file that the job declares, by index, or of its cluster job's. While Snakemake runs this asks
    for it to be read, for some seconds; the stream's topic `log:RUN:JOB:ATTEMPT:INDEX` tells what comes then."""
    async with database.session() as session:
        where = tails.CLUSTER if index == "cluster" else index
        place = await tails.locate(session, access.readable(caller), run_id, number, where, attempt)
        found, tell = await tails.read(session, place, generation=generation, since=since)
    if tell:
        request.app.state.notifier.hint(WANTED_CHANNEL, str(run_id))
    return found


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


def _tagged(*parts: object) -> dict[str, str]:
    """Headers by which a browser asks whether what it holds still stands."""
    digest = hashlib.blake2b(repr(parts).encode(), digest_size=8).hexdigest()
    return {"ETag": f'"{digest}"', "Cache-Control": "private, no-cache"}


async def _large(request: Request, answer: BaseModel | str, headers: dict[str, str]) -> Response:
    """An answer of some megabytes, compressed for those who take that, in a thread: others are served meanwhile."""
    headers = headers | {"Vary": "Accept-Encoding"}
    body = await asyncio.to_thread(lambda: (answer if isinstance(answer, str) else answer.model_dump_json()).encode())
    if "gzip" in request.headers.get("accept-encoding", "") and len(body) > LARGE:
        body = await asyncio.to_thread(gzip.compress, body, 4)
        headers["Content-Encoding"] = "gzip"
    return Response(body, media_type="application/json", headers=headers)


@router.get("/{run_id}/grid", response_model=schemas.Grid)
async def get_grid(
    run_id: uuid.UUID,
    request: Request,
    caller: CallerDep,
    database: DatabaseDep,
    wildcard: Annotated[str | None, Query(min_length=1, max_length=500, pattern=r"^[^\x00]*$")] = None,
) -> Any:
    """How the jobs of each rule stand for each value of a wildcard, in one answer; with an ETag."""
    async with database.session() as session:
        row = await queries.find(session, access.readable(caller), run_id)
        headers = _tagged(run_id, row.revision, wildcard)
        if request.headers.get("if-none-match") == headers["ETag"]:
            return Response(status_code=304, headers=headers)
        found = await grid.grid(session, access.readable(caller), run_id, wildcard=wildcard)
    return await _large(request, found, headers)


@router.get("/{run_id}/graph", response_model=schemas.Graph)
async def get_graph(run_id: uuid.UUID, request: Request, caller: CallerDep, database: DatabaseDep) -> Any:
    """All jobs of the plan and what each needs, in one answer; with an ETag."""
    async with database.session() as session:
        row = await queries.find(session, access.readable(caller), run_id)
        headers = _tagged(run_id, row.revision)
        if request.headers.get("if-none-match") == headers["ETag"]:
            return Response(status_code=304, headers=headers)
        graph = await jobs.graph(session, access.readable(caller), run_id)
    return await _large(request, graph, headers)


@router.get("/{run_id}/spans", response_model=schemas.Spans)
async def get_spans(run_id: uuid.UUID, request: Request, caller: CallerDep, database: DatabaseDep) -> Any:
    """Every attempt of the run with its times, in one answer; with an ETag."""
    async with database.session() as session:
        row = await queries.find(session, access.readable(caller), run_id)
        headers = _tagged(run_id, row.revision)
        if request.headers.get("if-none-match") == headers["ETag"]:
            return Response(status_code=304, headers=headers)
        found = await spans.spans(session, access.readable(caller), run_id)
    return await _large(request, found, headers)


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


@router.get("/{run_id}/log")
async def get_log(
    run_id: uuid.UUID,
    caller: CallerDep,
    database: DatabaseDep,
    since: Annotated[int, Query(ge=0, le=2**53)] = 0,
    backwards: bool = False,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> schemas.Page[schemas.LogLine]:
    """The run's own log after event `since`; with `backwards` the last lines before it (0: before the end)."""
    async with database.session() as session:
        return await log.read(
            session, access.readable(caller), run_id, since=since, limit=limit, cursor=cursor, backwards=backwards
        )


@router.get("/{run_id}/failures")
async def list_failures(
    run_id: uuid.UUID,
    caller: CallerDep,
    database: DatabaseDep,
    wanted: JobFilter,
    signature: Annotated[str | None, Query(max_length=64, pattern=r"^[0-9a-f]*$")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> schemas.Page[schemas.Failure]:
    """Jobs that failed and were not made good, the first failure first; by the same filters as the list of jobs.
    `signature`: those that are alike."""
    async with database.session() as session:
        return await jobs.failures(
            session, access.readable(caller), run_id, wanted, signature=signature, limit=limit, cursor=cursor
        )


@router.get("/{run_id}/failures/groups")
async def list_failure_groups(
    run_id: uuid.UUID,
    caller: CallerDep,
    database: DatabaseDep,
    wanted: JobFilter,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> schemas.Page[schemas.Alike]:
    """Failures that are alike as one, with their number, the jobs that they hit, and where they were seen before; by
    the same filters as the list of jobs."""
    async with database.session() as session:
        return await alike.groups(session, access.readable(caller), run_id, wanted, limit=limit, cursor=cursor)


@router.get("/{run_id}/rerun")
async def get_rerun(run_id: uuid.UUID, caller: CallerDep, database: DatabaseDep) -> schemas.Rerun:
    """The run's own command, changed so that it runs again only what failed and what that needs."""
    async with database.session() as session:
        return await alike.again(session, access.readable(caller), run_id)
