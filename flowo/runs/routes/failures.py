"""What failed in a run, alone and as groups, and how it is run again."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import Query

from flowo.accounts import access
from flowo.accounts.gate import CallerDep, DatabaseDep
from flowo.runs import alike, jobs, schemas
from flowo.runs.routes import asked
from flowo.runs.routes.asked import Cursor, JobFilter, Limit

router = asked.router()


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
