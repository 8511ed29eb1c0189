"""Whether the process lives, and whether it can do its work."""

from __future__ import annotations

from fastapi import APIRouter, Request
from pydantic import BaseModel

from flowo.db import migrate
from flowo.errors import Problem, Unavailable

router = APIRouter(tags=["public"])


class Health(BaseModel):
    status: str


@router.head("/healthz", include_in_schema=False)
@router.get("/healthz")
async def get_health() -> Health:
    return Health(status="ok")


@router.head("/readyz", include_in_schema=False)
@router.get("/readyz", responses={503: {"model": Problem}})
async def get_readiness(request: Request) -> Health:
    """503 while the database is not there or not migrated."""
    if not await migrate.is_current(request.app.state.database.engine):
        raise Unavailable("The database is not there, or not migrated.", headers={"Retry-After": "2"})
    return Health(status="ok")
