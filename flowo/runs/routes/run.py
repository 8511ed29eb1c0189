"""Runs: the list, one in full, what people may change of it, its neighbours and its own log."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import Query, Request, Response

from flowo.accounts import access
from flowo.accounts.gate import CallerDep, DatabaseDep
from flowo.errors import Problem
from flowo.runs import edits, log, queries, schemas, siblings
from flowo.runs.routes import asked
from flowo.runs.routes.asked import ALTERNATIVES, Cursor, Limit, Search, Statuses, Words

router = asked.router()


@router.get("")
async def list_runs(
    caller: CallerDep,
    database: DatabaseDep,
    status: Annotated[list[schemas.RunStatus], Statuses, Query(description=ALTERNATIVES)] = [],  # noqa: B006 - FastAPI's form of a repeated parameter
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
