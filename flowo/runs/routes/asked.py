"""What requests of runs are made of: the parameters that several have, and the router of each part."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BeforeValidator

from flowo.errors import Problem
from flowo.runs import schemas, table


def router() -> APIRouter:
    return APIRouter(
        prefix="/api/v1/runs", tags=["runs"],
        responses={status: {"model": Problem} for status in (401, 403, 404, 422)},
    )  # fmt: skip


Limit = Annotated[int, Query(ge=1, le=500)]
Cursor = Annotated[str | None, Query(max_length=500)]
Search = Annotated[str | None, Query(max_length=500, pattern=r"^[^\x00]*$")]
# A parameter that is given without a value asks for nothing.
Words = Annotated[
    list[Annotated[str, Query(max_length=1000, pattern=r"^[^\x00]*$")]],
    BeforeValidator(lambda values: [value for value in values if value != ""]),
    Query(max_length=200),
]
Statuses = BeforeValidator(lambda values: [word for value in values for word in value.split(",") if word])
Number = Annotated[int, Path(ge=0, le=2**31 - 1)]
Sort = Annotated[
    str,
    Query(
        pattern=table.SORT_PATTERN,
        description="A minus in front turns it round. Jobs that are equal come by rising number either way.",
    ),
]
ALTERNATIVES = "Alternatives: repeated, or with commas between."


async def _wanted(
    status: Annotated[list[schemas.JobStatus], Statuses, Query(description=ALTERNATIVES)] = [],  # noqa: B006 - FastAPI's form of a repeated parameter
    rule: Words = [],  # noqa: B006
    wildcard: Annotated[Words, Query(description="`name:value`; values of one name are alternatives.")] = [],  # noqa: B006
    id: Words = [],  # noqa: B006
    q: Search = None,
) -> table.Filter:
    return table.Filter(status=status, rule=rule, wildcard=table.wildcards(wildcard), id=id, q=q)


JobFilter = Annotated[table.Filter, Depends(_wanted)]
