"""The jobs of a run: the table, one in full, its logs, and what a search may ask for."""

from __future__ import annotations

import uuid
from typing import Annotated, Literal

from fastapi import Path, Query, Request, Response
from fastapi.responses import StreamingResponse

from flowo.accounts import access
from flowo.accounts.gate import CallerDep, DatabaseDep
from flowo.db.notify import WANTED_CHANNEL
from flowo.runs import export, jobs, schemas, table, tails
from flowo.runs.routes import asked
from flowo.runs.routes.asked import Cursor, JobFilter, Limit, Number, Sort

router = asked.router()


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
    async with database.session(snapshot=True) as session:  # keys and rows of one moment
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
