"""Reads of what a run's workflow is made of: its configuration, and its rules as written."""

from __future__ import annotations

import uuid
from typing import Any

import orjson
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from flowo.errors import NotFound
from flowo.runs import schemas
from flowo.runs.models import Blob, Rule, RuleCount


async def config(session: AsyncSession, run_id: uuid.UUID, key: str | None) -> Any | None:
    """The configuration whose text has this hash."""
    found = await _texts(session, run_id, [key]) if key else {}
    return orjson.loads(found[key]) if key and key in found else None


async def rule(session: AsyncSession, run_id: uuid.UUID, name: str) -> schemas.RuleDetail:
    """A rule of a run that the caller may see."""
    facts = (
        await session.execute(select(Rule.facts).where(Rule.run_id == run_id, Rule.rule == name))
    ).scalar_one_or_none()
    if facts is None:
        counted = select(RuleCount.rule).where(RuleCount.run_id == run_id, RuleCount.rule == name)
        if (await session.execute(counted)).one_or_none() is None:
            raise NotFound(f"This run has no rule {name}.")
        facts = {}
    parts: list[dict[str, Any]] = facts.get("sources") or []
    files = await _texts(session, run_id, [part["hash"] for part in parts if part.get("hash")])
    return schemas.RuleDetail(
        rule=name,
        directive=facts.get("directive"),
        sources=[
            schemas.RuleSource(
                role=part["role"], path=part.get("path"), line=part.get("line"), note=part.get("note"),
                text=part.get("text", files.get(part.get("hash", ""))), sha256=part.get("hash"),
            )
            for part in parts
        ],
        command=facts.get("shellcmd"),
        conda=facts.get("conda"),
        container=facts.get("container"),
        modules=facts.get("modules") or [],
    )  # fmt: skip


async def _texts(session: AsyncSession, run_id: uuid.UUID, keys: list[str]) -> dict[str, str]:
    if not keys:
        return {}
    rows = await session.execute(
        select(Blob.hash, Blob.body).where(Blob.run_id == run_id, Blob.hash.in_([bytes.fromhex(key) for key in keys]))
    )
    return {row.hash.hex(): row.body for row in rows}
